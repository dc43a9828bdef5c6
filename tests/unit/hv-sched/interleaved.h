/* SPDX-License-Identifier: MIT */
/*
 * Where one CPU may overtake another: point() comes before each lock, atomic access and look at
 * the clock of what is compiled with this header, which stands before all of hv/. interleaved.c
 * has point(), the locks and the clock.
 */
#pragma once

/** Another CPU may go on here. */
void point(void);

#define CLOISON_CHECKED		/* locks are functions */
#define host_cpu (*here)	/* each CPU has its own place */

#define __atomic_fetch_or(...)		(point(), __atomic_fetch_or(__VA_ARGS__))
#define __atomic_fetch_and(...)		(point(), __atomic_fetch_and(__VA_ARGS__))
#define __atomic_fetch_add(...)		(point(), __atomic_fetch_add(__VA_ARGS__))
#define __atomic_fetch_sub(...)		(point(), __atomic_fetch_sub(__VA_ARGS__))
#define __atomic_add_fetch(...)		(point(), __atomic_add_fetch(__VA_ARGS__))
#define __atomic_sub_fetch(...)		(point(), __atomic_sub_fetch(__VA_ARGS__))
#define __atomic_exchange_n(...)	(point(), __atomic_exchange_n(__VA_ARGS__))
#define __atomic_store_n(...)		(point(), __atomic_store_n(__VA_ARGS__))
