/* SPDX-License-Identifier: MIT */
/*
 * A store with connections for domains 0, 1 and 2, and calls that send one message
 * and look at the answer.
 */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xenstore/store.h"

struct kit {
	struct store *store;
	struct store_conn *conn[3];
	/* What the store asked of its daemon: */
	int introduce_result;
	unsigned int introduced, released, resumed, told;
	domid_t last_domid;
	unsigned long last_gfn;
	uint32_t last_port;
	bool known[16];
	char printed[64];
};

extern struct store_message kit_reply;

/** An empty store with its connections. */
struct kit *kit_open(void);
void kit_close(struct kit *kit);
/** With a corner for each guest. */
int kit_setup(void **state);
/** Also checks the accounts against the tree. */
int kit_teardown(void **state);

/** Sends; the reply is in kit_reply. */
void kit_send(struct store_conn *conn, uint32_t tx, uint32_t type, const void *payload, size_t len);
/** NULL when the reply is no error, else the error's name. */
const char *kit_error(void);
/** For messages whose payload is strings: NULL ends the list. Returns kit_error(). */
const char *kit_call(struct store_conn *conn, uint32_t tx, uint32_t type, ...);
/** READ: the value as a string, or "!ENAME". */
const char *kit_read(struct store_conn *conn, uint32_t tx, const char *path);
const char *kit_write(struct store_conn *conn, uint32_t tx, const char *path, const char *value);
/** DIRECTORY: the names joined by commas, or "!ENAME". */
const char *kit_list(struct store_conn *conn, uint32_t tx, const char *path);
/** GET_PERMS: joined by commas, or "!ENAME". */
const char *kit_perms(struct store_conn *conn, uint32_t tx, const char *path);
uint32_t kit_begin(struct store_conn *conn);
const char *kit_commit(struct store_conn *conn, uint32_t tx);
/** The next event as "path token", or "" when there is none. */
const char *kit_event(struct store_conn *conn);
/** Drops all waiting events; returns how many there were. */
unsigned int kit_drain(struct store_conn *conn);
