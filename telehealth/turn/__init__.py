"""The TURN server of an installation: its addresses, and the check that its path is open and everything else shut."""
