/* SPDX-License-Identifier: ISC */
/* Takes apart what users write for a host: with a port, in brackets, or as a URL. */
#include "contrib/telnet/destination.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "telnet"
#define SCHEME_END "://"

static bool complain(const char *text, const char *why)
{
	fprintf(stderr, "telnet: bad host '%s': %s\n", text, why);
	return false;
}

/* Whether it is an IPv6 address, with or without its zone (%eth0). */
static bool is_ipv6(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	size_t size = strcspn(text, "%");
	struct in6_addr binary;

	if (size >= sizeof(address) || strchr(text + size, ':'))
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	return inet_pton(AF_INET6, address, &binary) == 1;
}

/* --- host and port ------------------------------------------------------------------------ */

/* Ends the host at the colon `at`, and takes what follows for the port. */
static void cut_port(struct destination *destination, char *at)
{
	at[0] = '\0';
	destination->port = at + 1;
}

static bool read_brackets(struct destination *destination, char *text, const char *whole)
{
	char *end = strchr(text, ']');
	bool has_port = end && end[1] == ':' && end[2] != '\0';

	if (!end || (end[1] != '\0' && !has_port))
		return complain(whole, "[ADDRESS] or [ADDRESS]:PORT is wanted");
	if (has_port)
		cut_port(destination, end + 1);
	end[0] = '\0';
	destination->host = text + 1;
	return is_ipv6(destination->host) ||
	       complain(whole, "brackets are for an IPv6 address, such as [::1]");
}

static bool read_host_and_port(struct destination *destination, char *text, const char *whole)
{
	char *colon = strchr(text, ':');

	destination->host = text;
	if (text[0] == '[')
		return read_brackets(destination, text, whole);
	if (is_ipv6(text))
		return true;
	if (colon && strchr(colon + 1, ':'))
		return complain(whole, "an IPv6 address with a port is written [ADDRESS]:PORT");
	if (text[0] == '\0' || colon == text)
		return complain(whole, "a name or an address is wanted");
	if (!colon)
		return true;
	if (colon[1] == '\0')
		return complain(whole, "HOST or HOST:PORT is wanted");
	cut_port(destination, colon);
	return true;
}

/* --- URLs --------------------------------------------------------------------------------- */

/*
 * Replaces each %XX by its character (RFC 3986, 2.1); a % without two such digits stays. Returns
 * false when there is a control character then: the text will be shown to the user.
 */
static bool decode(char *text)
{
	const char *begin = text;
	char *to = text;

	while (*text != '\0') {
		const char digits[] = {text[1], text[1] == '\0' ? '\0' : text[2], '\0'};

		if (*text == '%' && isxdigit((unsigned char)digits[0]) &&
		    isxdigit((unsigned char)digits[1]) && strcmp(digits, "00") != 0) {
			*to++ = (char)strtoul(digits, NULL, 16);
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	while (*begin != '\0' && !iscntrl((unsigned char)*begin))
		begin++;
	return *begin == '\0';
}

static bool read_user(struct destination *destination, char *text)
{
	char *password = strchr(text, ':');

	if (password) {
		password[0] = '\0';
		fputs("telnet: the password of the URL is not sent: type it when you are asked\n",
		      stderr);
	}
	if (text[0] != '\0')
		destination->user = text;
	return decode(text);
}

static bool read_url(struct destination *destination, char *text, const char *whole)
{
	static const char has_control[] = "it has a control character";
	char *end = text + strcspn(text, "/?#"), *at;

	if (end[0] != '\0' && strcmp(end, "/") != 0)
		return complain(whole, "telnet://USER@HOST:PORT/ is wanted, without a path");
	end[0] = '\0';
	at = strrchr(text, '@');
	if (at) {
		at[0] = '\0';
		if (!read_user(destination, text))
			return complain(whole, has_control);
		text = at + 1;
	}
	if (!decode(text))
		return complain(whole, has_control);
	return read_host_and_port(destination, text, whole);
}

/* --- all of them -------------------------------------------------------------------------- */

bool destination_read(const char *text, struct destination *destination)
{
	const char *scheme_end = strstr(text, SCHEME_END);
	bool is_telnet = strncasecmp(text, SCHEME SCHEME_END, strlen(SCHEME SCHEME_END)) == 0;

	destination->host = destination->port = destination->user = NULL;
	if (strlen(text) >= sizeof(destination->text))
		return complain(text, "it is too long");
	memcpy(destination->text, text, strlen(text) + 1);
	if (is_telnet)
		return read_url(destination, destination->text + strlen(SCHEME SCHEME_END), text);
	if (scheme_end)
		return complain(text, "of URLs only telnet://HOST:PORT/ is understood");
	return read_host_and_port(destination, destination->text, text);
}
