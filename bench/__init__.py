"""Measurements of Housecall, one module each: `./run bench NAME`."""
