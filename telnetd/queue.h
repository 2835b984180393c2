/* SPDX-License-Identifier: ISC */
/*
 * Lists and queues whose links are in the items. The names are <sys/queue.h>'s, which not every C
 * library has. By each of its links an item is in at most one list.
 */
#ifndef TELNETD_QUEUE_H
#define TELNETD_QUEUE_H

#include <stddef.h>

/* A list: items are put in at its head and taken out anywhere. */
#define LIST_HEAD(name, type)                                                                      \
	struct name {                                                                              \
		struct type *first;                                                                \
	}
#define LIST_ENTRY(type)                                                                           \
	struct {                                                                                   \
		struct type *next;                                                                 \
		struct type **place; /* what points to this item */                                \
	}

#define LIST_INIT(list) ((list)->first = NULL)
#define LIST_FIRST(list) ((list)->first)
#define LIST_EMPTY(list) ((list)->first == NULL)
#define LIST_NEXT(item, field) ((item)->field.next)
/* The body of the loop may not remove `item`. */
#define LIST_FOREACH(item, list, field)                                                            \
	for ((item) = LIST_FIRST(list); (item); (item) = LIST_NEXT(item, field))

#define LIST_INSERT_HEAD(list, item, field)                                                        \
	do {                                                                                       \
		(item)->field.next = (list)->first;                                                \
		(item)->field.place = &(list)->first;                                              \
		if ((list)->first)                                                                 \
			(list)->first->field.place = &(item)->field.next;                          \
		(list)->first = (item);                                                            \
	} while (0)
#define LIST_REMOVE(item, field)                                                                   \
	do {                                                                                       \
		if ((item)->field.next)                                                            \
			(item)->field.next->field.place = (item)->field.place;                     \
		*(item)->field.place = (item)->field.next;                                         \
	} while (0)

/* A queue: items are put in at its tail and taken out at its head. */
#define STAILQ_HEAD(name, type)                                                                    \
	struct name {                                                                              \
		struct type *first;                                                                \
		struct type **end; /* the pointer that the next one is for */                      \
	}
#define STAILQ_ENTRY(type)                                                                         \
	struct {                                                                                   \
		struct type *next;                                                                 \
	}

#define STAILQ_INIT(queue)                                                                         \
	do {                                                                                       \
		(queue)->first = NULL;                                                             \
		(queue)->end = &(queue)->first;                                                    \
	} while (0)
#define STAILQ_FIRST(queue) ((queue)->first)
#define STAILQ_EMPTY(queue) ((queue)->first == NULL)

#define STAILQ_INSERT_TAIL(queue, item, field)                                                     \
	do {                                                                                       \
		(item)->field.next = NULL;                                                         \
		*(queue)->end = (item);                                                            \
		(queue)->end = &(item)->field.next;                                                \
	} while (0)
#define STAILQ_REMOVE_HEAD(queue, field)                                                           \
	do {                                                                                       \
		(queue)->first = (queue)->first->field.next;                                       \
		if (!(queue)->first)                                                               \
			(queue)->end = &(queue)->first;                                            \
	} while (0)

#endif
