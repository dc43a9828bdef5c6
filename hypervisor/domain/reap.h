/* SPDX-License-Identifier: MIT */
/* Domains whose last frame came back while locks were held: their reference is dropped later. */
#pragma once

struct domain;

/** All frames of d are back: drops the reference that they had from the exit path. */
void reap_later(struct domain *d);
