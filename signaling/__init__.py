"""The sockets of a visit and of a queue, their protocol, and the link to the relay. No rule of a visit lives here."""
