/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unicorn's decoder asserts that it never meets some unallocated instructions, and so a guest could
 * end this process. Whatever aborts in a thread that is inside of Unicorn, and not in a callback of
 * ours, comes back to where that thread went in. If it was while a block was translated, nothing of
 * the block has run; the word that was read last is remembered, and from then on the translator
 * finds UDF in its place, which is what the architecture has there. The instance itself is lost:
 * the vCPU moves into a new one (renew.c).
 *
 * Elsewhere in the translator the vCPU cannot go on, but its state is known. In a function that
 * translated code has called, it is not.
 *
 * Where the functions of the translator cannot be replaced, no abort is known to be there.
 */
#include "unicorn/guard.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "unicorn/engine.h"

#define REPLACED __attribute__((visibility("default")))
#define INSN_UDF 0u

struct unicorn_guard {
    jmp_buf jump;
    struct vcpu_engine *engine;
    uint64_t block;                 /* being translated … */
    uint32_t word;                  /* … and what was read last of it */
    bool in_translator, in_decoder; /* the one is a part of the other */
    bool word_read;
};

void unicorn_left_translator(struct unicorn_guard *guard)
{
    if (guard)
        guard->in_translator = guard->in_decoder = false;
}

struct unicorn_guard *unicorn_decoder_begins(void)
{
    struct unicorn_guard *guard = unicorn_guard();

    if (guard) {
        guard->in_decoder = true;
        guard->word_read = false;
    }
    return guard;
}

void unicorn_decoder_ends(struct unicorn_guard *guard)
{
    if (guard)
        guard->in_decoder = false;
}

/* ---- What is found here first, and who it is found in the place of ------------------------------
 */

typedef void fail_function(const char *assertion, const char *file, unsigned line,
                           const char *function);
typedef void *make_function(void *cpu, uint64_t pc, uint64_t cs_base, uint32_t flags, int cflags);
typedef uint32_t read_function(void *env, uint64_t address);

REPLACED fail_function __assert_fail;
#ifdef VGIC5_DIRECT_STORES
REPLACED make_function tb_gen_code_aarch64;
REPLACED read_function cpu_ldl_code_aarch64;
#endif

/* Set once, before any thread goes in. */
static struct {
    fail_function *fail;
    make_function *make;
    read_function *read;
    struct sigaction on_abort;
} originals;

static void on_abort(int number, siginfo_t *info, void *context);

static void install(void)
{
    /* The handler is left by a jump, which keeps the mask of signals as it is. */
    struct sigaction action = {.sa_sigaction = on_abort, .sa_flags = SA_SIGINFO | SA_NODEFER};

    *(void **)&originals.fail = dlsym(RTLD_NEXT, "__assert_fail");
    *(void **)&originals.make = dlsym(RTLD_NEXT, "tb_gen_code_aarch64");
    *(void **)&originals.read = dlsym(RTLD_NEXT, "cpu_ldl_code_aarch64");
    sigemptyset(&action.sa_mask);
    sigaction(SIGABRT, &action, &originals.on_abort);
}

static void find_originals(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
}

void unicorn_guard_install(void)
{
    find_originals();
}

/* ---- The ways in which it aborts ----------------------------------------------------------------
 */

static void jump_if_armed(void)
{
    struct unicorn_guard *guard = unicorn_outside();

    if (guard)
        longjmp(guard->jump, 1);
}

/* What glibc's assert calls, and says on stderr what it was. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    jump_if_armed();
    find_originals();
    if (originals.fail)
        originals.fail(assertion, file, line, function);
    abort();
}

/* The thread's own abort(), not somebody's kill. */
static void on_abort(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code == SI_TKILL && info->si_pid == getpid())
        jump_if_armed();
    sigaction(number, &originals.on_abort, NULL);
    raise(number);
}

/* ---- The translator ----------------------------------------------------------------------------
 */

static _Atomic uint32_t *place_of(struct vcpu_engine *engine, uint32_t word)
{
    return &engine->bad.words[word * UINT32_C(2654435761) >> 16];
}

static bool is_bad(struct vcpu_engine *engine, uint32_t word)
{
    return word != 0 && atomic_load_explicit(place_of(engine, word), memory_order_relaxed) == word;
}

static void remember(struct vcpu_engine *engine, uint32_t word)
{
    atomic_store_explicit(place_of(engine, word), word, memory_order_relaxed);
    atomic_fetch_add_explicit(&engine->bad.aborts, 1, memory_order_relaxed);
}

#ifdef VGIC5_DIRECT_STORES

void *tb_gen_code_aarch64(void *cpu, uint64_t pc, uint64_t cs_base, uint32_t flags, int cflags)
{
    struct unicorn_guard *guard = unicorn_guard();
    void *block;

    find_originals();
    if (guard) {
        guard->in_translator = true;
        guard->block = pc;
    }
    block = originals.make(cpu, pc, cs_base, flags, cflags);
    unicorn_left_translator(guard);
    return block;
}

uint32_t cpu_ldl_code_aarch64(void *env, uint64_t address)
{
    struct unicorn_guard *guard = unicorn_guard();
    uint32_t word;

    find_originals();
    word = originals.read(env, address);
    if (!guard || !guard->in_decoder)
        return word;
    if (is_bad(guard->engine, word))
        return INSN_UDF;
    guard->word = word;
    guard->word_read = true;
    return word;
}

#endif

/* ---- Going in ----------------------------------------------------------------------------------
 */

/* Nothing that is changed behind setjmp is read behind the jump, but in `guard`. */
static __attribute__((noinline)) bool stay(struct unicorn_guard *guard, uc_engine *uc, uint64_t pc,
                                           uc_err *error)
{
    if (_setjmp(guard->jump) != 0)
        return false;
    unicorn_back(guard);
    *error = uc_emu_start(uc, pc, 0, 0, 0);
    return true;
}

enum unicorn_end unicorn_guarded_start(struct vcpu *vcpu, uint64_t pc, uc_err *error,
                                       uint64_t *block)
{
    struct unicorn_guard *outer = unicorn_guard();
    struct unicorn_guard guard = {.engine = vcpu->engine};
    bool returned = stay(&guard, vcpu->uc, pc, error);

    unicorn_back(outer);
    if (returned)
        return UNICORN_RETURNED;
    *block = guard.block;
    if (!guard.in_translator)
        return UNICORN_ABORTED;
    if (!guard.in_decoder || !guard.word_read)
        return UNICORN_ABORTED_BEFORE;
    remember(vcpu->engine, guard.word);
    return UNICORN_ABORTED_AT_A_WORD;
}

uint64_t unicorn_aborts(const struct vcpu_engine *engine)
{
    return atomic_load_explicit(&engine->bad.aborts, memory_order_relaxed);
}
