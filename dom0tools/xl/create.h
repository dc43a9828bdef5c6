/* SPDX-License-Identifier: MIT */
/*
 * Creating and destroying domains with all that belongs to them: memory, names,
 * xenstore, console, record. Used by the commands and by the monitor.
 */
#pragma once

#include "build/error.h"
#include "xl/record.h"

/** Gives the description a random UUID. */
void domain_make_uuid(struct domconf *conf);

/**
 * Creates the domain, paused, known to everybody. Takes conf, and gives it a
 * uuid when it has none. Returns its record (RECORD_STARTING), or NULL with err
 * filled; then nothing is left of it.
 */
struct record *domain_create(struct domconf *conf, struct build_error *err);

/** The same for a record whose domain is gone: it gets a new domain. False: see err. */
bool domain_recreate(struct record *r, struct build_error *err);

/**
 * Ends a domain, whoever made it, and removes all traces but its record's, which
 * is forgotten unless keep_record. Returns 0 or -XEN_Exxx.
 */
int domain_destroy(domid_t domid, bool keep_record);

/**
 * Waits until a domain that was just unpaused has started or ended. True: it has crashed. It has
 * started when it sleeps and dom0 owes it no answer, or has used 100 ms of CPU: mostly after 25 ms,
 * at most after half a second.
 */
bool domain_crashed_while_starting(domid_t domid);
