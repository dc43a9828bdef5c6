/* SPDX-License-Identifier: MIT */
/* The table that entry code calls through, and continuation of what was preempted. */
#include <hv/hypercall.h>

#include <hv/domain.h>

static long no_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	return -XEN_ENOSYS;
}

/* Later entries override the first on purpose. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
hypercall_fn *const hypercall_table[NR_HYPERCALLS] = {
	[0 ... NR_HYPERCALLS - 1] = no_hypercall,
#define HYPERCALL(nr, name) [nr] = do_##name,
#include <hv/hypercalls.def>
#undef HYPERCALL
};
#pragma GCC diagnostic pop

void hypercall_set_arg(unsigned n, uint64_t value)
{
	struct cpu *c = this_cpu();

	if (c->hcall_args) {
		c->hcall_args[n] = value;
		return;
	}
	uint64_t *const regs[5] = { &c->regs.rdi, &c->regs.rsi, &c->regs.rdx, &c->regs.r10,
				    &c->regs.r8 };

	CHECK(n < ARRAY_SIZE(regs));
	*regs[n] = value;
}
