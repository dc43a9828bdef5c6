/* SPDX-License-Identifier: MIT */
/*
 * Programs of others reach grants, ports and foreign memory by Xen's libraries, and those by Linux's drivers. This is
 * such a program, of two halves: "libs offer" in a domU gives dom0 pages, a port and a vchan; "libs take DOMAIN" in
 * dom0 uses them, and tries what must be refused. They find each other by the domU's node data/offer. Each half prints
 * "ok NAME" or "not ok NAME" for what it has tried, and "end" last.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libxenvchan.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xenstore.h>

#define PAGE	  4096
#define PAGES	  3
#define WORDS	  (PAGE / sizeof(uint64_t))
#define NODE	  "data/offer"
#define VCHAN	  "data/vchan"
#define STREAM	  (1 << 20)
#define STATUS_AT 100		/* the byte that is cleared when dom0 lets go of the page */

/* What the domU tells dom0: grants of PAGES pages, of one for reading, of one with a notice; a port. */
struct offer {
	uint32_t ref[PAGES], read_only, noticed;
	evtchn_port_t port;
};

static void tell(bool ok, const char *name)
{
	printf("%s %s%s%s\n", ok ? "ok" : "not ok", name, ok ? "" : ": ", ok ? "" : strerror(errno));
	fflush(stdout);
}

static void *need(void *p, const char *what)
{
	if (p)
		return p;
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t word(unsigned page, unsigned i)
{
	return (page * WORDS + i) * 0x9e3779b97f4a7c15;
}

static bool all_words(const uint64_t *p, unsigned pages, uint64_t flip)
{
	for (unsigned i = 0; i < pages * WORDS; i++)
		if (p[i] != (word(i / WORDS, i % WORDS) ^ flip))
			return false;
	return true;
}

/* An event of that port; it is opened again. */
static bool event(xenevtchn_handle *x, evtchn_port_t port)
{
	return (evtchn_port_t)xenevtchn_pending(x) == port && !xenevtchn_unmask(x, port);
}

/* ---- the domU ------------------------------------------------------------------------- */

static void publish(const struct offer *o)
{
	struct xs_handle *store = need(xs_open(0), "the store");
	char text[200];
	int n = snprintf(text, sizeof(text), "%u %u %u %u %u %u", o->ref[0], o->ref[1], o->ref[2],
			 o->read_only, o->noticed, o->port);

	tell(xs_write(store, XBT_NULL, NODE, text, (unsigned)n), "the offer is published");
	xs_close(store);
}

static void echo(struct libxenvchan *v)
{
	static char buffer[PAGE];
	unsigned done = 0;

	v->blocking = 1;
	while (done < STREAM) {
		int n = libxenvchan_read(v, buffer, sizeof(buffer));

		if (n <= 0 || libxenvchan_send(v, buffer, (size_t)n) != n)
			break;
		done += (unsigned)n;
	}
	tell(done == STREAM, "vchan: all that came went back");
	while (libxenvchan_is_open(v) == 1 && libxenvchan_wait(v) == 0)
		;
	libxenvchan_close(v);
}

static int offer(void)
{
	xengntshr_handle *share = need(xengntshr_open(NULL, 0), "gntalloc");
	xenevtchn_handle *x = need(xenevtchn_open(NULL, 0), "evtchn");
	struct libxenvchan *v;
	struct offer o;
	int port = xenevtchn_bind_unbound_port(x, 0);
	uint64_t *pages = need(xengntshr_share_pages(share, 0, PAGES, o.ref, 1), "pages to be shared");
	uint64_t *fixed = need(xengntshr_share_pages(share, 0, 1, &o.read_only, 0), "a page to be read");
	volatile char *noticed = need(xengntshr_share_page_notify(share, 0, &o.noticed, 1, STATUS_AT + 1,
								  (evtchn_port_t)port), "a page with a notice");

	tell(port > 0, "a port for dom0");
	o.port = (evtchn_port_t)port;
	for (unsigned i = 0; i < PAGES * WORDS; i++)
		pages[i] = word(i / WORDS, i % WORDS);
	for (unsigned i = 0; i < WORDS; i++)
		fixed[i] = word(0, i);
	noticed[STATUS_AT] = 1;
	v = need(libxenvchan_server_init(NULL, 0, VCHAN, 1024, 1024), "a vchan");
	publish(&o);
	tell(event(x, o.port) && all_words(pages, PAGES, ~0UL), "what dom0 wrote is there with its event");
	tell(all_words(fixed, 1, 0), "what it may only read has not changed");
	xenevtchn_notify(x, o.port);
	tell(event(x, o.port) && noticed[STATUS_AT] == 0, "the notice that dom0 has let go of a page");
	echo(v);
	tell(!xengntshr_unshare(share, pages, PAGES), "the pages are the domU's alone again");
	xengntshr_close(share);
	xenevtchn_close(x);
	return 0;
}

/* ---- dom0 ------------------------------------------------------------------------------ */

static struct offer read_offer(unsigned domid)
{
	struct xs_handle *store = need(xs_open(0), "the store");
	char path[64], *text;
	struct offer o = { 0 };
	unsigned n;

	snprintf(path, sizeof(path), "/local/domain/%u/" NODE, domid);
	/* A watch wants a thread, whose stack libxenstore makes too small where all is linked statically. */
	while (!(text = xs_read(store, XBT_NULL, path, &n))) {
		need(xs_is_domain_introduced(store, domid) ? store : NULL, "a domain that offers");
		usleep(100000);
	}
	tell(sscanf(text, "%u %u %u %u %u %u", &o.ref[0], &o.ref[1], &o.ref[2], &o.read_only, &o.noticed,
		    &o.port) == 6, "the offer is read");
	free(text);
	xs_close(store);
	return o;
}

static void grants(unsigned domid, struct offer *o)
{
	xengnttab_handle *g = need(xengnttab_open(NULL, 0), "gntdev");
	uint64_t *p = need(xengnttab_map_domain_grant_refs(g, PAGES, domid, o->ref, PROT_READ | PROT_WRITE),
			   "pages are mapped");
	uint32_t domids[PAGES] = { domid, domid, domid };
	uint64_t *again;
	void *q;

	tell(all_words(p, PAGES, 0), "their words are there");
	again = xengnttab_map_grant_refs(g, PAGES, domids, o->ref, PROT_READ);
	tell(again && all_words(again, PAGES, 0), "and once more, for reading");
	for (unsigned i = 0; i < PAGES * WORDS; i++)
		p[i] = ~p[i];
	tell(again && all_words(again, PAGES, ~0UL), "both are the same memory");
	tell(again && !xengnttab_unmap(g, again, PAGES), "the second mapping goes");
	tell(!xengnttab_unmap(g, p, PAGES), "and the first");
	tell(xengnttab_unmap(g, p, PAGES), "once only");
	q = xengnttab_map_grant_ref(g, domid, o->read_only, PROT_READ);
	tell(q && all_words(q, 1, 0), "a grant for reading is mapped");
	tell(q && !xengnttab_unmap(g, q, 1), "and unmapped");
	tell(!xengnttab_map_grant_ref(g, domid, o->read_only, PROT_READ | PROT_WRITE), "not for writing");
	tell(!xengnttab_map_grant_ref(g, domid, 4000, PROT_READ), "no grant that was not given");
	tell(!xengnttab_map_grant_ref(g, domid, 1 << 30, PROT_READ), "none behind the table's end");
	tell(!xengnttab_map_grant_ref(g, 9999, 8, PROT_READ), "none of a domain that is none");
	xengnttab_close(g);
}

static void copies(unsigned domid, const struct offer *o)
{
	xengnttab_handle *g = need(xengnttab_open(NULL, 0), "gntdev");
	static uint64_t here[WORDS] __attribute__((aligned(PAGE)));
	xengnttab_grant_copy_segment_t s[2] = {
		{ .source.foreign = { o->ref[1], 0, (domid_t)domid }, .dest.virt = here, .len = PAGE,
		  .flags = GNTCOPY_source_gref },
		{ .source.virt = here, .dest.foreign = { o->read_only, 8, (domid_t)domid }, .len = 8,
		  .flags = GNTCOPY_dest_gref },
	};
	bool same = true;

	tell(!xengnttab_grant_copy(g, 2, s), "copies from and to grants");
	tell(s[0].status == GNTST_okay, "a page is copied from one");
	for (unsigned i = 0; i < WORDS; i++)
		same &= here[i] == (word(1, i) ^ ~0UL);
	tell(same, "whole");
	tell(s[1].status != GNTST_okay, "none is copied to one for reading");
	xengnttab_close(g);
}

static void notices(unsigned domid, const struct offer *o, xenevtchn_handle *x, evtchn_port_t port)
{
	xengnttab_handle *g = need(xengnttab_open(NULL, 0), "gntdev");
	void *p;

	tell(!xenevtchn_notify(x, port) && event(x, port), "the domU answers on the port");
	p = xengnttab_map_grant_ref_notify(g, domid, o->noticed, PROT_READ | PROT_WRITE, STATUS_AT, port);
	tell(p, "a page is mapped with a notice");
	xengnttab_close(g);	/* lets go of it */
	munmap(p, PAGE);
}

static void foreign(unsigned domid, const struct offer *o)
{
	xenforeignmemory_handle *f = need(xenforeignmemory_open(NULL, 0), "privcmd");
	const xen_pfn_t frames[] = { 1UL << 40, 1UL << 41 };
	xenforeignmemory_resource_handle *r;
	void *table = NULL, *p;
	size_t size = 0;
	int err[2] = { 0, 0 };

	p = xenforeignmemory_map(f, domid, PROT_READ, 2, frames, err);
	tell(p && err[0] && err[1], "frames that are none are told one by one");
	if (p)
		xenforeignmemory_unmap(f, p, 2);
	tell(!xenforeignmemory_map(f, 9999, PROT_READ, 1, frames, NULL), "no memory of a domain that is none");
	tell(!xenforeignmemory_resource_size(f, (domid_t)domid, XENMEM_resource_grant_table,
					     XENMEM_resource_grant_table_id_shared, &size) && size >= PAGE,
	     "the size of its grant table");
	r = xenforeignmemory_map_resource(f, (domid_t)domid, XENMEM_resource_grant_table,
					  XENMEM_resource_grant_table_id_shared, 0, 1, &table, PROT_READ, 0);
	tell(r && (((grant_entry_v1_t *)table)[o->ref[0]].flags & GTF_permit_access), "its grants are read there");
	tell(r && !xenforeignmemory_unmap_resource(f, r), "and let go");
	r = xenforeignmemory_map_resource(f, (domid_t)domid, 77, 0, 0, 1, &table, PROT_READ, 0);
	tell(!r, "no resource that is none");
	xenforeignmemory_close(f);
}

static void ports(void)
{
	xenevtchn_handle *a = need(xenevtchn_open(NULL, 0), "evtchn"), *b = need(xenevtchn_open(NULL, 0), "evtchn");
	struct pollfd fd = { .fd = xenevtchn_fd(b), .events = POLLIN };
	int one = xenevtchn_bind_unbound_port(a, 0), two = xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)one);

	tell(one > 0 && two > 0 && one != two, "two ports of one domain are joined");
	tell(event(b, (evtchn_port_t)two), "which is an event for who joined");
	tell(poll(&fd, 1, 0) == 0, "nothing is pending");
	tell(!xenevtchn_notify(a, (evtchn_port_t)one) && poll(&fd, 1, -1) == 1, "an event wakes who polls");
	tell(xenevtchn_pending(b) == two, "it names the port");
	xenevtchn_notify(a, (evtchn_port_t)one);
	tell(poll(&fd, 1, 0) == 0, "a masked port stays silent");
	tell(!xenevtchn_unmask(b, (evtchn_port_t)two) && poll(&fd, 1, -1) == 1, "until it is opened");
	tell(event(b, (evtchn_port_t)two), "and nothing was lost");
	tell(xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)one) < 0, "a port is joined once");
	tell(xenevtchn_notify(b, (evtchn_port_t)one), "a handle has its own ports only");
	tell(!xenevtchn_unbind(b, (evtchn_port_t)two) && xenevtchn_unbind(b, (evtchn_port_t)two),
	     "a port is let go of once");
	tell(!xenevtchn_restrict(b, 1) && xenevtchn_bind_virq(b, 0) < 0, "a restricted handle gets no VIRQ");
	xenevtchn_close(a);
	xenevtchn_close(b);
}

static void stream(unsigned domid)
{
	static uint8_t out[STREAM], in[STREAM];
	unsigned sent = 0, got = 0;
	char path[64];
	struct libxenvchan *v;

	snprintf(path, sizeof(path), "/local/domain/%u/" VCHAN, domid);
	v = need(libxenvchan_client_init(NULL, (int)domid, path), "the vchan is joined");
	v->blocking = 0;
	for (unsigned i = 0; i < STREAM; i++)
		out[i] = (uint8_t)(word(0, i) >> 32);
	while (got < STREAM) {
		int w = sent < STREAM ? libxenvchan_write(v, out + sent, STREAM - sent) : 0;
		int r = libxenvchan_read(v, in + got, STREAM - got);

		if (w < 0 || r < 0 || (!w && !r && libxenvchan_wait(v)))
			break;
		sent += (unsigned)w;
		got += (unsigned)r;
	}
	tell(got == STREAM && !memcmp(in, out, STREAM), "vchan: 1 MiB came back as it went");
	libxenvchan_close(v);
}

static int take(unsigned domid)
{
	struct offer o = read_offer(domid);
	xenevtchn_handle *x = need(xenevtchn_open(NULL, 0), "evtchn");
	int port = xenevtchn_bind_interdomain(x, domid, o.port);

	tell(port > 0 && event(x, (evtchn_port_t)port), "the domU's port is joined");
	grants(domid, &o);
	copies(domid, &o);
	foreign(domid, &o);
	ports();
	notices(domid, &o, x, (evtchn_port_t)port);
	stream(domid);
	xenevtchn_close(x);
	return 0;
}

int main(int argc, char **argv)
{
	int rc;

	if (argc == 2 && !strcmp(argv[1], "offer"))
		rc = offer();
	else if (argc == 3 && !strcmp(argv[1], "take"))
		rc = take((unsigned)atoi(argv[2]));
	else
		return fprintf(stderr, "usage: libs offer | libs take DOMAIN\n"), 2;
	printf("end\n");
	return rc;
}
