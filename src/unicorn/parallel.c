/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM that other threads touch too: other vCPUs, or a VMM. Unicorn translates as for one processor
 * alone: it drops barriers, and makes of LDXR and STXR, and of atomics, a load and a store. Its
 * translator can do better when a block is marked as one for parallel processors. That mark is set
 * here, in functions of Unicorn's that the dynamic linker finds in this program first, for the time
 * of the translation: blocks are looked up without it.
 *
 * None of this is documented: it is done for the one version that has been looked at, and only
 * while what is changed is what it should be, which is looked at for every block.
 */
#include "unicorn/engine.h"

#include <errno.h>

#ifdef VGIC5_DIRECT_STORES

#include <dlfcn.h>

#define THE_VERSION 0x020001u /* major, minor, patch */
#define FLAGS_IN_BLOCK 24u    /* of struct TranslationBlock; */
#define FLAGS_IN_CONTEXT 100u /* and of TCGContext */
#define PARALLEL 0x80000u
#define NO_CLUSTER 0xffu /* in bits 31:24 */

typedef void start_function(void *context);
typedef void translate_function(void *cpu, void *block, int most);

#define REPLACED __attribute__((visibility("default")))
REPLACED start_function tcg_func_start_aarch64;
REPLACED translate_function gen_intermediate_code_aarch64;

/* Of the translation that this thread has begun. */
static _Thread_local void *translating;

static uint32_t *flags_at(void *object, size_t offset)
{
    return (uint32_t *)((char *)object + offset);
}

void tcg_func_start_aarch64(void *context)
{
    start_function *original;

    *(void **)&original = dlsym(RTLD_NEXT, "tcg_func_start_aarch64");
    translating = context;
    original(context);
}

/* Are these the flags of the block, and of the context that translates it? */
static bool are_flags(const uint32_t *block, const uint32_t *context)
{
    return *block == *context && *block >> 24 == NO_CLUSTER && !(*block & PARALLEL);
}

static void translate_parallel(translate_function *original, void *cpu, void *block, int most,
                               struct vcpu_engine *engine)
{
    uint32_t *of_block = flags_at(block, FLAGS_IN_BLOCK);
    uint32_t *of_context = flags_at(translating, FLAGS_IN_CONTEXT);

    if (!are_flags(of_block, of_context)) {
        engine->parallel_fails = true;
        original(cpu, block, most);
        return;
    }
    engine->parallel_works = true;
    *of_block |= PARALLEL;
    *of_context |= PARALLEL;
    original(cpu, block, most);
    *of_block &= ~PARALLEL;
    *of_context &= ~PARALLEL;
}

void gen_intermediate_code_aarch64(void *cpu, void *block, int most)
{
    struct unicorn_guard *guard = unicorn_decoder_begins();
    struct vcpu *vcpu = unicorn_inside_now();
    translate_function *original;

    *(void **)&original = dlsym(RTLD_NEXT, "gen_intermediate_code_aarch64");
    if (vcpu && vcpu->engine->parallel && translating)
        translate_parallel(original, cpu, block, most, vcpu->engine);
    else
        original(cpu, block, most);
    unicorn_decoder_ends(guard);
}

/* One block, translated so. */
int unicorn_parallel_try(struct vcpu *vcpu)
{
    static const uint32_t code[] = {0xd5033bbf /* dmb ish */, UNICORN_INSN_SVC_PROBE};
    struct vcpu_engine *engine = vcpu->engine;
    bool can = uc_version(NULL, NULL) >> 8 == THE_VERSION;

    engine->parallel = can;
    can = can && unicorn_run_probe(vcpu, code, sizeof(code)) == UC_ERR_OK;
    engine->parallel = false;
    engine->can_be_parallel = can && engine->parallel_works && !engine->parallel_fails;
    return 0;
}

#else

int unicorn_parallel_try(struct vcpu *vcpu)
{
    (void)vcpu;
    return 0;
}

#endif

int unicorn_share_memory(struct vcpu_engine *engine)
{
    engine->parallel = engine->can_be_parallel;
    return engine->parallel ? 0 : -ENOTSUP;
}
