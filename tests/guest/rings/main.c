/* SPDX-License-Identifier: MIT */
/*
 * A domU whose rings to dom0 have gone wild: xenstore's and the console's. The word attack=N says how;
 * each attack has a life of its own, as a ring that breaks its rules is not listened to any more.
 * What dom0 makes of it, tests/system/rings_test.py looks at. As dom0 it has no rings, and says so.
 */
#include "../lib/test.h"
#include "../lib/port.h"

#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

const char test_name[] = "rings";

#define ROUNDS 400
#define FLOOD  5000	/* more than any quota */

static struct xenstore_domain_interface *store;
static struct xencons_interface *console;
static uint64_t state = 0x9e3779b97f4a7c15;
static char payload[XENSTORE_PAYLOAD_MAX + 64];

static uint64_t rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dUL;
}

static unsigned below(unsigned n)
{
	return (unsigned)((rnd() >> 32) % n);
}

/* Lets dom0 look. */
static void pause(void)
{
	port_send(start_info->store_evtchn);
	port_send(start_info->console.domU.evtchn);
	for (unsigned i = 0; i < 4; i++)
		HC(sched_op, SCHEDOP_yield, 0);
}

/* ---- well-formed requests -------------------------------------------------------------------- */

static uint32_t load(volatile uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Until the daemon has said something; if it never does, this domain hangs, and the test says so. */
static void store_wait(void)
{
	evtchn_port_t port = start_info->store_evtchn;
	uint64_t bit = 1UL << (port & 63);
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &port);
	port_send(port);
	if (!(__atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit))
		HC(sched_op, SCHEDOP_poll, &poll);
}

static void move(void *data, uint32_t n, bool out)
{
	uint8_t *p = data;

	while (n) {
		uint32_t prod = load(out ? &store->req_prod : &store->rsp_prod);
		uint32_t cons = load(out ? &store->req_cons : &store->rsp_cons);

		if (out ? prod - cons == XENSTORE_RING_SIZE : prod == cons) {
			store_wait();
			continue;
		}
		if (out)
			store->req[MASK_XENSTORE_IDX(prod)] = (char)*p++;
		else
			*p++ = (uint8_t)store->rsp[MASK_XENSTORE_IDX(cons)];
		__atomic_store_n(out ? &store->req_prod : &store->rsp_cons, (out ? prod : cons) + 1,
				 __ATOMIC_RELEASE);
		n--;
	}
}

/* Sends n bytes of payload; the reply lands there. Returns its type, or ~0 when it has no end. */
static uint32_t ask(uint32_t type, uint32_t tx, uint32_t n)
{
	struct xsd_sockmsg m = { .type = type, .tx_id = tx, .len = n };

	move(&m, sizeof(m), true);
	move(payload, n, true);
	do {
		move(&m, sizeof(m), false);
		if (m.len > XENSTORE_PAYLOAD_MAX)
			return ~0u;
		move(payload, m.len, false);
	} while (m.type == XS_WATCH_EVENT);
	payload[m.len] = 0;
	return m.type;
}

static uint32_t put(const char *text, uint32_t at)
{
	while (*text)
		payload[at++] = *text++;
	payload[at++] = 0;
	return at;
}

static uint32_t put_number(uint32_t at, unsigned n)
{
	char digits[] = "00000000";

	for (unsigned i = 8; i-- > 0; n /= 10)
		digits[i] = (char)('0' + n % 10);
	return put(digits, at);
}

static bool answers(void)
{
	return ask(XS_READ, 0, put("domid", 0)) == XS_READ;
}

/* ---- attacks -------------------------------------------------------------------------------------- */

static void wild_indices(void)
{
	uint32_t *words = &store->req_cons;

	check(answers(), "the store answers before");
	for (unsigned i = 0; i < ROUNDS; i++) {
		words[below(7)] = below(2) ? (uint32_t)rnd() : below(4096);
		store->req[below(XENSTORE_RING_SIZE)] = (char)rnd();
		if (i % 4 == 0)
			pause();
	}
	check(true, "indices of the store's ring ran wild");
}

static void partial_messages(void)
{
	static const uint32_t lengths[] = { XENSTORE_PAYLOAD_MAX + 1, ~0u, 1u << 31, 0x10000 };
	struct xsd_sockmsg m = { .type = XS_READ, .len = 5 };

	/* A header in pieces is a header; one with a length that may not be is the last. */
	for (unsigned i = 0; i < sizeof(m); i++) {
		move((char *)&m + i, 1, true);
		pause();
	}
	move((char[]){ "domi" }, 4, true);
	pause();
	check(load(&store->rsp_prod) == load(&store->rsp_cons), "half a message has no answer");
	m.len = lengths[below(4)];
	move(&m, 3, true);
	move(&m, sizeof(m), true);
	for (unsigned i = 0; i < XENSTORE_RING_SIZE && load(&store->req_prod) - load(&store->req_cons) < 900; i++)
		move(&m, 1, true);
	pause();
	check(true, "then messages of lengths that may not be");
}

static void flood(void)
{
	unsigned nodes, watches, starts;
	char deep[] = "/d";

	for (nodes = 0; nodes < FLOOD; nodes++)
		if (ask(XS_WRITE, 0, put_number(put("data/n", 0) - 1, nodes)) != XS_WRITE)
			break;
	check(nodes && nodes < FLOOD, "nodes come to an end, after %u", nodes);
	for (watches = 0; watches < FLOOD; watches++)
		if (ask(XS_WATCH, 0, put_number(put("data", 0), watches)) != XS_WATCH)
			break;
	check(watches && watches < FLOOD, "watches come to an end, after %u", watches);
	for (starts = 0; starts < FLOOD; starts++)
		if (ask(XS_TRANSACTION_START, 0, put("", 0)) != XS_TRANSACTION_START)
			break;
	check(starts && starts < FLOOD, "transactions come to an end, after %u", starts);
	uint32_t at = put("data", 0) - 1;

	while (at < XENSTORE_REL_PATH_MAX + 200)
		at = put(deep, at) - 1;
	check_eq(ask(XS_WRITE, 0, put("", at)), XS_ERROR, "a path that is too long is refused");
	at = put("data/big", 0);
	for (; at < XENSTORE_PAYLOAD_MAX; at++)
		payload[at] = 'x';
	check_eq(ask(XS_WRITE, 0, at), XS_ERROR, "a value over the quota is refused");
	check(answers(), "the store answers after the flood");
}

/* All types with payloads that are often paths; replies are read or not. */
static void random_messages(void)
{
	static const char *const paths[] = {
		"data", "/", "/local/domain/0", "/local/domain/1/data", "domid", "@releaseDomain", "",
		"//", "data/../domid", "/vm", "device/vbd", "@introduceDomain", "/tool/xenstored",
	};
	unsigned answered = 0;

	for (unsigned i = 0; i < 4 * ROUNDS; i++) {
		uint32_t at = 0, n;

		for (unsigned parts = below(4); parts; parts--)
			at = put(paths[below(13)], at) - below(2);
		for (n = below(3) ? 0 : below(64); n; n--)
			payload[at++] = (char)rnd();
		answered += ask(below(20) ? below(25) : (uint32_t)rnd(), below(4) ? 0 : below(8),
				below(30) ? at : below(2) ? 0 : XENSTORE_PAYLOAD_MAX) != ~0u;
	}
	check_eq(answered, 4 * ROUNDS, "every message has its answer");
	check(answers(), "the store answers after random messages");
}

static void flood_of_words(void)
{
	for (unsigned i = 0; i < 2000; i++)
		print("\033[31m\a\b\t%c%c%c %u", (char)rnd(), (char)rnd(), (char)rnd(), i);
	print("\033[0m");
	check(true, "a flood of words and escapes");
}

static void wild_console(void)
{
	uint32_t *words = &console->in_cons;

	check(true, "the last words before the console's ring runs wild");
	print("# end: 0 of 1 failed");
	while (load(&console->out_cons) != load(&console->out_prod))
		pause();
	for (unsigned i = 0; i < ROUNDS; i++) {
		words[below(4)] = below(2) ? (uint32_t)rnd() : below(8192);
		console->out[below(sizeof(console->out))] = (char)rnd();
		if (i % 4 == 0)
			pause();
	}
	for (;;)
		HC(sched_op, SCHEDOP_shutdown, &(struct sched_shutdown){ SHUTDOWN_poweroff });
}

static void storm(void)
{
	for (unsigned i = 0; i < 50000; i++) {
		port_send(start_info->store_evtchn);
		port_send(start_info->console.domU.evtchn);
	}
	check(answers(), "the store answers after a storm of events for nothing");
}

static void (*const attacks[])(void) = {
	wild_indices, partial_messages, flood, random_messages, flood_of_words, wild_console, storm,
};

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;
	unsigned n = 0;

	if (start_info->flags & SIF_INITDOMAIN) {
		check(true, "dom0 has no rings");
		return;
	}
	for (; *line; line++)
		if (*line >= '0' && *line <= '9')
			n = n * 10 + (unsigned)(*line - '0');
	store = (struct xenstore_domain_interface *)(M2P[start_info->store_mfn] << 12);
	console = (struct xencons_interface *)(M2P[start_info->console.domU.mfn] << 12);
	if (n < sizeof(attacks) / sizeof(attacks[0]))
		attacks[n]();
	else
		check(false, "attack %u is none", n);
}
