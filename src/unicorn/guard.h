/* SPDX-License-Identifier: BSD-3-Clause */
/* Aborts inside of Unicorn end neither the process nor, in most cases, the vCPU; see guard.c. */
#ifndef UNICORN_GUARD_H
#define UNICORN_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <unicorn/unicorn.h>

#define UNICORN_BAD_WORDS 65536u

/* Words at which the translator has aborted; a direct-mapped cache. 0 is none. */
struct unicorn_bad_words {
    _Atomic uint64_t aborts;
    _Atomic uint32_t words[UNICORN_BAD_WORDS];
};

/* How a stay inside of Unicorn ended. */
enum unicorn_end {
    UNICORN_RETURNED,
    UNICORN_ABORTED_AT_A_WORD, /* while translating it: nothing of its block has run */
    UNICORN_ABORTED_BEFORE,    /* nor here, but it would abort again */
    UNICORN_ABORTED,           /* elsewhere: the state may be half */
};

struct vcpu;
struct unicorn_guard;

/* Once, before the first stay. */
void unicorn_guard_install(void);
/* uc_emu_start without limits. `block`: the one that was being translated when it aborted. */
enum unicorn_end unicorn_guarded_start(struct vcpu *vcpu, uint64_t pc, uc_err *error,
                                       uint64_t *block);
/* The part of the translator that reads instructions. */
struct unicorn_guard *unicorn_decoder_begins(void);
void unicorn_decoder_ends(struct unicorn_guard *guard);
/* An exception has left the translator. */
void unicorn_left_translator(struct unicorn_guard *guard);

/* inside.c: the guard of this thread while it is inside, and not in a callback; else NULL. */
struct unicorn_guard *unicorn_guard(void);
/* A callback of ours begins: until unicorn_back an abort is one of ours. */
struct unicorn_guard *unicorn_outside(void);
void unicorn_back(struct unicorn_guard *guard);

#endif
