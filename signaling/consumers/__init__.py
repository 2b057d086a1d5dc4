"""The ends of our WebSockets: parse, call a service, send. What a visit allows is decided in consults."""
