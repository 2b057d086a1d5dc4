"""The demo clinic: `./run demo` sets it up, prints its links and serves it. Made of the house's own services only."""
