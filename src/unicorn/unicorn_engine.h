/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine on Unicorn, for those who choose it. */
#ifndef UNICORN_UNICORN_ENGINE_H
#define UNICORN_UNICORN_ENGINE_H

#include "vcpu/vcpu.h"

extern const struct vcpu_engine_ops unicorn_engine;

/* For tests: a vCPU drops its translated code when it takes more than this. */
void unicorn_limit_code(struct vcpu_engine *engine, uint64_t bytes);
/* Does a store of the guest, after the first to a page, cost no call? For tests. */
bool unicorn_stores_directly(const struct vcpu_engine *engine);
/* Is the exact PC of each access to a device known? For tests. */
bool unicorn_knows_places(const struct vcpu_engine *engine);
/* How often its Unicorn has aborted at a word. For tests. */
uint64_t unicorn_aborts(const struct vcpu_engine *engine);

#endif
