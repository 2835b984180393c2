/* SPDX-License-Identifier: ISC */
/* The monitor's records of sessions. */
#include "telnetd/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct login *record_find(struct monitor *monitor, uint32_t number)
{
	struct login *login;

	LIST_FOREACH (login, &monitor->by_number[number % RECORD_CHAINS], by_number)
		if (login->number == number)
			return login;
	return NULL;
}

struct login *record_find_pid(struct monitor *monitor, pid_t pid)
{
	struct login *login;

	LIST_FOREACH (login, &monitor->by_pid[(unsigned)pid % RECORD_CHAINS], by_pid)
		if (login->pid == pid)
			return login;
	return NULL;
}

struct login *record_add(struct monitor *monitor, struct worker *worker,
			 const struct sockaddr_storage *address)
{
	struct login *login = calloc(1, sizeof(*login));
	unsigned short port;

	if (!login)
		return NULL;
	do
		login->number = ++monitor->last_number;
	while (login->number == 0 || record_find(monitor, login->number));
	login->state = LOGIN_NEGOTIATING;
	login->worker = worker;
	login->address = *address;
	clock_gettime(CLOCK_MONOTONIC, &login->since);
	listen_address_text((const struct sockaddr *)address, login->host, sizeof(login->host),
			    &port);
	snprintf(login->peer, sizeof(login->peer), strchr(login->host, ':') ? "[%s]:%hu" : "%s:%hu",
		 login->host, port);
	LIST_INSERT_HEAD(&monitor->by_number[login->number % RECORD_CHAINS], login, by_number);
	LIST_INSERT_HEAD(&worker->logins, login, of_worker);
	worker->session_count++;
	monitor->session_count++;
	return login;
}

void record_set_pid(struct monitor *monitor, struct login *login, pid_t pid)
{
	login->pid = pid;
	LIST_INSERT_HEAD(&monitor->by_pid[(unsigned)pid % RECORD_CHAINS], login, by_pid);
}

void record_remove_when_over(struct monitor *monitor, struct login *login)
{
	if (login->state != LOGIN_ENDED || login->pid != 0)
		return;
	LIST_REMOVE(login, by_number);
	free(login);
	monitor->session_count--;
	if (monitor->session_count == 0 && (monitor->stopping || monitor->listener_count == 0))
		event_base_loopbreak(monitor->base);
}

void record_detach(struct login *login)
{
	LIST_REMOVE(login, of_worker);
	login->worker->session_count--;
	login->worker = NULL;
	login->state = LOGIN_ENDED;
}

double record_age(const struct login *login)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - login->since.tv_sec) +
	       (double)(now.tv_nsec - login->since.tv_nsec) / 1e9;
}
