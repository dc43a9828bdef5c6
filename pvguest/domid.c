// SPDX-License-Identifier: MIT
/*
 * A domain's own number. No hypercall tells it, but the status of an event channel that
 * is offered to DOMID_SELF does.
 */
#include <pvguest/start.h>

#include <pvguest/hypercall.h>

#include <xen/event_channel.h>

static domid_t domid_ask(void)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_close close;
	domid_t id = DOMID_INVALID;

	if (hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &alloc))
		return DOMID_INVALID;
	status.port = alloc.port;
	if (!hypercall_event_channel_op(EVTCHNOP_status, &status) &&
	    status.status == EVTCHNSTAT_unbound)
		id = status.u.unbound.dom;
	close.port = alloc.port;
	hypercall_event_channel_op(EVTCHNOP_close, &close);
	return id;
}

domid_t pv_domid(void)
{
	static domid_t id = DOMID_INVALID;

	if (id == DOMID_INVALID)
		id = pv_is_dom0() ? 0 : domid_ask();
	return id;
}
