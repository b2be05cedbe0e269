"""What a listener does when it hears a word: run a command, call a web address, tell an MQTT broker."""
