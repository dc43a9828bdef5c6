// SPDX-License-Identifier: MIT
/*
 * What an unprivileged domain meets: its own number from xenstore by a relative path and a client that
 * polls, grants to itself, control operations that are refused, its console until it has been read.
 */
#include "../lib/test.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#include <xen/io/xs_wire.h>

const char test_name[] = "domu";

static struct xenstore_domain_interface *store;
static grant_entry_v1_t *table;

static void kick(void)
{
	struct evtchn_send op = { start_info->store_evtchn };

	HC(event_channel_op, EVTCHNOP_send, &op);
}

static void store_wait(void)
{
	struct sched_poll op = { .nr_ports = 1 };
	evtchn_port_t p = start_info->store_evtchn;

	set_xen_guest_handle(op.ports, &p);
	kick();
	if (!(__atomic_fetch_and(&shared_info->evtchn_pending[p / 64], ~(1UL << (p & 63)),
				 __ATOMIC_SEQ_CST) & 1UL << (p & 63)))
		HC(sched_op, SCHEDOP_poll, &op);
}

static void store_move(void *data, uint32_t n, bool out)
{
	char *p = data;

	while (n) {
		uint32_t prod = __atomic_load_n(out ? &store->req_prod : &store->rsp_prod, __ATOMIC_ACQUIRE);
		uint32_t cons = __atomic_load_n(out ? &store->req_cons : &store->rsp_cons, __ATOMIC_ACQUIRE);

		if (out ? prod - cons == XENSTORE_RING_SIZE : prod == cons) {
			store_wait();
		} else if (out) {
			store->req[MASK_XENSTORE_IDX(prod)] = *p++;
			__atomic_store_n(&store->req_prod, prod + 1, __ATOMIC_RELEASE);
			n--;
		} else {
			*p++ = store->rsp[MASK_XENSTORE_IDX(cons)];
			__atomic_store_n(&store->rsp_cons, cons + 1, __ATOMIC_RELEASE);
			n--;
		}
	}
}

/* Reads a node into text of 64 bytes; returns the reply's type. */
static uint32_t store_read(const char *path, char *text)
{
	struct xsd_sockmsg m = { .type = XS_READ };

	while (path[m.len])
		m.len++;
	m.len++;
	uint32_t n = m.len;

	store_move(&m, sizeof(m), true);
	store_move((char *)path, n, true);
	kick();
	store_move(&m, sizeof(m), false);
	if (m.len > 63)
		return ~0u;
	store_move(text, m.len, false);
	text[m.len] = 0;
	return m.type;
}

static unsigned own_domid(void)
{
	char text[64];
	unsigned n = 0;
	uint32_t type = store_read("domid", text);

	check(type == XS_READ && text[0] >= '1' && text[0] <= '9', "domid is read by its relative path");
	for (const char *s = text; *s >= '0' && *s <= '9'; s++)
		n = 10 * n + (unsigned)(*s - '0');
	check_eq(store_read("nothing/here", text), XS_ERROR, "what is not there is an error");
	print("# domain %u", n);
	return n;
}

static int map(unsigned ref, unsigned dom, uint64_t at)
{
	struct gnttab_map_grant_ref op = { .host_addr = at, .flags = GNTMAP_host_map, .ref = ref,
					   .dom = (domid_t)dom };
	struct gnttab_unmap_grant_ref un = { .host_addr = at };
	long rc = HC(grant_table_op, GNTTABOP_map_grant_ref, &op, 1);

	if (rc || op.status)
		return rc ? (int)rc : op.status;
	*(volatile uint64_t *)at = 99;
	un.handle = op.handle;
	rc = HC(grant_table_op, GNTTABOP_unmap_grant_ref, &un, 1);
	return rc ? (int)rc : un.status;
}

static void grants(unsigned self)
{
	static uint64_t frames[4];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 4 };
	struct gnttab_set_version v = { .version = 1 };
	uint64_t *page = page_alloc(), at = (uint64_t)page_alloc();

	set_xen_guest_handle(s.frame_list, (xen_pfn_t *)frames);
	table = page_alloc();
	check_eq((uint64_t)HC(grant_table_op, GNTTABOP_set_version, &v, 1), 0, "version 1");
	check_eq((uint64_t)HC(grant_table_op, GNTTABOP_setup_table, &s, 1), 0, "setup_table of 4 frames");
	check_eq((uint64_t)s.status, 0, "has status 0");
	pte_write((uint64_t)table, frames[0] << 12 | P_P | P_W | P_A | P_D);
	table[8].domid = (domid_t)self;
	table[8].frame = (uint32_t)va_mfn(page);
	__atomic_store_n(&table[8].flags, GTF_permit_access, __ATOMIC_RELEASE);
	check_eq((uint64_t)map(8, self, at), 0, "a grant to oneself is mapped and unmapped");
	check_eq(*page, 99, "and was the page");
	check_eq((uint64_t)map(8, 0, at), (uint64_t)GNTST_general_error, "dom0 grants nothing at 8");
	check_eq((uint64_t)map(8, 77, at), (uint64_t)GNTST_bad_domain, "who is not there grants nothing");
}

static void refused(void)
{
	static union {
		struct {
			uint32_t cmd, version, op;
		};
		uint8_t space[1024];
	} op;
	unsigned v;

	for (v = 0, op.cmd = 0; v < 128; v++) {
		op.version = v;
		if (HC(sysctl, &op) != -XEN_EACCES)
			break;
	}
	check_eq(v, 0x15, "sysctl tells its version");
	for (unsigned i = 0; i < 4; i++) {
		op.cmd = 27;
		op.op = i;
		check_eq((uint64_t)HC(sysctl, &op), (uint64_t)-XEN_EPERM, "live patches, operation %u", i);
	}
	for (v = 0; v < 128; v++) {
		op.version = v;
		op.cmd = 0;
		if (HC(domctl, &op) != -XEN_EACCES)
			break;
	}
	note("domctl %#x", v);
	note("platform_op: %ld", HC(platform_op, &op));
	note("init_control: %ld", HC(event_channel_op, EVTCHNOP_init_control, &op));
	note("console_io read: %ld", HC(console_io, CONSOLEIO_read, 8, &op));
	print("# console_io write: %ld", HC(console_io, CONSOLEIO_write, 5, "dom1\n"));
}

void test_main(void)
{
	if (start_info->flags & SIF_INITDOMAIN) {
		note("dom0: nothing to do");
		return;
	}
	store = (struct xenstore_domain_interface *)(M2P[start_info->store_mfn] << 12);
	unsigned self = own_domid();

	grants(self);
	refused();
}
