# SPDX-License-Identifier: ISC
#
# Logs in by Python's telnetlib, runs a command and prints what came until the server closed:
#	python3 log_in.py PORT USER PASSWORD PROMPT COMMAND
#
# The example in its manual types the command at once, which login(1) may throw away.
import sys
import telnetlib

port, user, password, prompt, command = sys.argv[1:]
connection = telnetlib.Telnet("127.0.0.1", int(port), 20)
connection.read_until(b"login: ")
connection.write(user.encode() + b"\n")
connection.read_until(b"Password: ")
connection.write(password.encode() + b"\n")
connection.read_until(prompt.encode())
connection.write(command.encode() + b"\n")
connection.write(b"exit\n")
print("printed: " + repr(connection.read_all().decode()))
