/* SPDX-License-Identifier: MIT */
/*
 * One domain is created or destroyed at a time: names stay unique, and the
 * steps, which wait for xenstore in between, do not meet.
 */
#include "xl/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/sched.h>

#include "build/domctl.h"
#include "build/load.h"
#include "dom0/console.h"
#include "dom0/xenstored.h"
#include "pvguest/clock.h"
#include "pvguest/errno.h"
#include "pvguest/fs.h"
#include "pvguest/thread.h"
#include "xl/format.h"
#include "xl/names.h"
#include "xl/store.h"

static struct mutex lock;	/* held while a domain is made or ended */

/* Names must differ, nobody's life depends on their secrecy: clocks, well mixed. */
static uint64_t random64(void)
{
	static uint64_t state;
	uint64_t z;

	state += 0x9e3779b97f4a7c15 ^ (clock_wall_ns() << 20) ^ clock_monotonic_ns();
	z = state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Version 4. */
void domain_make_uuid(struct domconf *conf)
{
	uint64_t halves[2] = { random64(), random64() };

	memcpy(conf->uuid, halves, sizeof(conf->uuid));
	conf->uuid[6] = (conf->uuid[6] & 0x0f) | 0x40;
	conf->uuid[8] = (conf->uuid[8] & 0x3f) | 0x80;
	conf->has_uuid = true;
}

static bool uuid_in_use(const uint8_t uuid[16])
{
	unsigned count;
	struct xen_domctl_getdomaininfo *all = xl_all_domains(&count);
	bool found = false;

	for (unsigned i = 0; all && i < count; i++)
		found |= !memcmp(all[i].handle, uuid, 16);
	free(all);
	return found;
}

/* Loading yields, and the user may replace the file meanwhile. */
static int hold_file(const char *what, const char *path, struct fs_held **held, const void **data,
		     size_t *bytes, struct build_error *err)
{
	*held = fs_hold(path, data, bytes);
	if (!*held)
		return build_fail(err, -XEN_ENOENT, "cannot read %s '%s': %s", what, path,
				  strerror(errno));
	return 0;
}

static int load_files(const struct domconf *conf, struct load_result *result,
		      struct build_error *err)
{
	struct fs_held *kernel, *ramdisk = NULL;
	struct load_images images = { 0 };
	int code = hold_file("kernel", conf->kernel, &kernel, &images.kernel, &images.kernel_bytes,
			     err);

	if (!code && conf->ramdisk)
		code = hold_file("ramdisk", conf->ramdisk, &ramdisk, &images.ramdisk,
				 &images.ramdisk_bytes, err);
	if (!code)
		code = load_domain(result, conf, &images, err);
	fs_release(ramdisk);
	fs_release(kernel);
	return code;
}

/*
 * The daemons let go of its rings first, so that the hypervisor can free all at
 * once; its name goes last, so that nobody sees a domain without one.
 */
static int remove_domain(domid_t domid, const uint8_t *uuid)
{
	struct xs_handle *h = xl_store();
	int err;

	console_domain_gone(domid);
	if (h)
		xs_release_domain(h, domid);
	err = domctl_destroy(domid);
	if (err && err != -XEN_ESRCH)
		return err;
	if (h)
		store_remove_domain(h, domid, uuid);
	xenstored_check_domains();
	return 0;
}

static int check_identity(struct domconf *conf, struct build_error *err)
{
	domid_t other;

	if (xl_find_name(conf->name, &other))
		return build_fail(err, -XEN_EEXIST, "Domain with name \"%s\" already exists.",
				  conf->name);
	if (!conf->has_uuid)
		domain_make_uuid(conf);
	else if (uuid_in_use(conf->uuid))
		return build_fail(err, -XEN_EEXIST, "another domain has the uuid that '%s' asks for",
				  conf->name);
	return 0;
}

/* From description to a paused domain that everybody knows. */
static int make_domain(struct domconf *conf, domid_t *domid, struct build_error *err)
{
	struct xs_handle *h = xl_store();
	struct load_result result;
	int code;

	if (!h)
		return build_fail(err, -XEN_ENXIO, "xenstore cannot be reached");
	code = check_identity(conf, err);
	if (!code)
		code = load_files(conf, &result, err);
	if (code)
		return code;
	*domid = result.domid;
	if (!store_add_domain(h, conf, &result)) {
		build_fail(err, -XEN_EIO, "writing the domain's nodes to xenstore: %s",
			   strerror(errno));
	} else if (!xs_introduce_domain(h, result.domid, result.xenstore_mfn,
					result.xenstore_port)) {
		build_fail(err, -XEN_EIO, "introducing the domain to xenstore: %s",
			   strerror(errno));
	} else {
		return 0;
	}
	remove_domain(result.domid, conf->uuid);
	return -XEN_EIO;
}

struct record *domain_create(struct domconf *conf, struct build_error *err)
{
	struct record *r = NULL;
	uint8_t uuid[sizeof(conf->uuid)];
	domid_t domid;

	err->text[0] = '\0';
	mutex_lock(&lock);
	if (make_domain(conf, &domid, err)) {
		domconf_free(conf);
	} else {
		memcpy(uuid, conf->uuid, sizeof(uuid));	/* conf is gone with the record */
		r = record_add(domid, conf);
		if (!r) {
			build_fail(err, -XEN_ENOMEM, "dom0 has not enough memory for its record");
			remove_domain(domid, uuid);
		}
	}
	mutex_unlock(&lock);
	return r;
}

bool domain_recreate(struct record *r, struct build_error *err)
{
	int code;

	err->text[0] = '\0';
	mutex_lock(&lock);
	code = make_domain(&r->conf, &r->domid, err);
	if (!code)
		r->created_ns = clock_monotonic_ns();
	mutex_unlock(&lock);
	return !code;
}

int domain_destroy(domid_t domid, bool keep_record)
{
	struct xen_domctl_getdomaininfo info;
	struct record *r;
	bool known;
	int err;

	mutex_lock(&lock);
	known = !domctl_info(domid, &info);
	if (known)
		domctl_pause(domid);
	err = remove_domain(domid, known ? info.handle : NULL);
	r = record_find(domid);
	if (!err && r && !keep_record)
		record_forget(r);
	mutex_unlock(&lock);
	return err;
}

/* A domain that has run for so long, or waits and gets no answer from us in so many looks, has started. */
#define START_CPU_NS	(100 * NSEC_PER_MSEC)
#define QUIET_LOOKS	8
/* Between looks the other threads, and the domain, have all the time that they want; and there is an
 * end to it where the machine has no time for the domain. */
#define FIRST_LOOK_NS	(100 * NSEC_PER_USEC)
#define LAST_LOOK_NS	(4 * NSEC_PER_MSEC)
#define START_MAX_NS	(500 * NSEC_PER_MSEC)

bool domain_crashed_while_starting(domid_t domid)
{
	const uint64_t limit = deadline_in(START_MAX_NS);
	struct xen_domctl_getdomaininfo info;
	uint64_t cpu_time = 0, step = FIRST_LOOK_NS;
	unsigned quiet = 0;

	while (quiet < QUIET_LOOKS && cpu_time < START_CPU_NS && clock_monotonic_ns() < limit) {
		thread_sleep(step);
		if (step < LAST_LOOK_NS)
			step *= 2;
		if (domctl_info(domid, &info))
			return false;
		if (info.flags & XEN_DOMINF_shutdown)
			return format_shutdown_reason(&info) == SHUTDOWN_crash;
		if (info.flags & XEN_DOMINF_blocked && info.cpu_time == cpu_time)
			quiet++;
		else
			quiet = 0;
		cpu_time = info.cpu_time;
	}
	return false;
}
