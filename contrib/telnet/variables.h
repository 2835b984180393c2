/* SPDX-License-Identifier: ISC */
/*
 * The variables that a server may be told. A variable that is not exported here is told to nobody;
 * the client's own environment is not looked at but for DISPLAY.
 */
#ifndef VARIABLES_H
#define VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "nvt/nvt.h"

#define VARIABLES_MAX 32
#define VARIABLE_NAME_MAX 64
#define VARIABLE_VALUE_MAX 1024

struct variables {
	struct nvt_variable all[VARIABLES_MAX];
	bool exported[VARIABLES_MAX];
	size_t count;
};

/*
 * Sets a variable, which is copied; one that was exported stays so. Returns 0, -EINVAL for a bad
 * name, -E2BIG where name or value are too long or there are too many, or -ENOMEM.
 */
int variables_define(struct variables *, const char *name, const char *value);

/* What such an error means, for the user. */
const char *variables_explain(int error);

/* Forgets one; exports one or takes that back. Return 0, or -ENOENT where there is none. */
int variables_undefine(struct variables *, const char *name);
int variables_export(struct variables *, const char *name, bool exported);

/* Lists them, a * before those that are exported. */
void variables_list(const struct variables *, FILE *);

/* Copies the exported ones, by reference; returns their number. */
size_t variables_exported(const struct variables *, struct nvt_variable exported[VARIABLES_MAX]);

/* The value of one that is exported, or NULL. */
const char *variables_value(const struct variables *, const char *name);

void variables_free(struct variables *);

#endif
