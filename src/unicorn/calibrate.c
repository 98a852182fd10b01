/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Some state that a vCPU needs has no call in Unicorn: the syndrome of an exception, the exclusive
 * monitor, on 2.0 the cached flags. It is found in an uc_context by executing code whose effect is
 * known and looking for it, each exactly once. A Unicorn in which it is not found is refused.
 */
#include "unicorn/engine.h"

#include <errno.h>
#include <string.h>

#define SVC_SYNDROME 0x56005a5au

/* Behind X0 … X31 in the context: PC (8), PSTATE (4), AArch64 state (4), flags (4). */
#define PC_BEHIND_X0 256u
#define STATE_BEHIND_X0 268u
#define FLAGS_BEHIND_X0 272u

#define INSN_LDXR_X11_X8 0xc85f7d0bu /* not into the register behind X8 */
#define INSN_MRS_X9_VBAR 0xd538c009u

static int not_executed(struct vgic5_error *error)
{
    return unicorn_fail(error, -ENOTSUP, "%s did not execute two instructions", unicorn_name());
}

static bool found_syndrome(const struct vcpu *vcpu, size_t at)
{
    return unicorn_peek32(vcpu, at) == SVC_SYNDROME;
}

static bool found_monitor(const struct vcpu *vcpu, size_t at)
{
    return unicorn_peek64(vcpu, at) == SCRATCH_BASE + PROBE_CELL_AT &&
           unicorn_peek64(vcpu, at + 8) == PROBE_CELL;
}

static bool found_x0(const struct vcpu *vcpu, size_t at)
{
    return unicorn_peek64(vcpu, at) == PROBE_X0 && unicorn_peek64(vcpu, at + 8) == PROBE_X0 + 1;
}

/* The one place at which `found` says so, or an error. */
static int search(const struct vcpu *vcpu, bool (*found)(const struct vcpu *, size_t),
                  const char *what, size_t *where, struct vgic5_error *error)
{
    size_t size = uc_context_size(vcpu->uc);
    unsigned n = 0;

    for (size_t at = 0; at + 512 <= size; at += 4) {
        if (!found(vcpu, at))
            continue;
        *where = at;
        n++;
    }
    if (n == 1)
        return 0;
    return unicorn_fail(error, -ENOTSUP,
                        "%s: %s is at %u places of its context, expected 1; this version of "
                        "Unicorn is not supported",
                        unicorn_name(), what, n);
}

/*
 * Go to EL0 by writing PSTATE and then a system register, and execute an MRS that only EL1 may. An
 * exception there: the flags have followed PSTATE, and nothing has to be known about them. None
 * before the SVC behind it: they do not.
 */
static int probe_flags(struct vcpu *vcpu, struct vgic5_error *error)
{
    static const uint32_t code[] = {INSN_MRS_X9_VBAR, UNICORN_INSN_SVC_PROBE};
    struct unicorn_layout *layout = &vcpu->engine->layout;
    const uint64_t base = SCRATCH_BASE;
    size_t x0 = 0;
    int ret;

    unicorn_set_pstate(vcpu, PSTATE_DAIF);
    unicorn_set_sysreg(vcpu, UNICORN_SPSR_EL1, 0);
    if (unicorn_run_probe(vcpu, code, sizeof(code)) != UC_ERR_OK)
        return not_executed(error);
    layout->flags_by_hand = unicorn_get(vcpu, UC_ARM64_REG_PC) == base + sizeof(code);
    if (!layout->flags_by_hand)
        return 0;
    ret = search(vcpu, found_x0, "X0", &x0, error);
    if (ret != 0)
        return ret;
    if (unicorn_peek64(vcpu, x0 + PC_BEHIND_X0) == base + sizeof(code) &&
        unicorn_peek32(vcpu, x0 + STATE_BEHIND_X0) == 1) {
        layout->flags = x0 + FLAGS_BEHIND_X0;
        return 0;
    }
    return unicorn_fail(error, -ENOTSUP,
                        "%s: PC and the execution state are not behind X31 in its "
                        "context; this version of Unicorn is not supported",
                        unicorn_name());
}

static void find_features(struct vcpu *vcpu)
{
    struct unicorn_features *has = &vcpu->engine->features;
    uint64_t pfr0 = unicorn_native_register(vcpu, VGIC5_ENCODING(3, 0, 0, 4, 0));
    uint64_t pfr1 = unicorn_native_register(vcpu, VGIC5_ENCODING(3, 0, 0, 4, 1));
    uint64_t mmfr1 = unicorn_native_register(vcpu, VGIC5_ENCODING(3, 0, 0, 7, 1));
    uint64_t mmfr2 = unicorn_native_register(vcpu, VGIC5_ENCODING(3, 0, 0, 7, 2));

    has->pan = mmfr1 >> 20 & 15;
    has->uao = mmfr2 >> 4 & 15;
    has->ssbs = pfr1 >> 4 & 15;
    has->tco = (pfr1 >> 8 & 15) >= 2;
    has->dit = pfr0 >> 48 & 15;
}

/* At EL1, as the guest: DCZID_EL0.DZP depends on that. */
static void find_identity(struct vcpu *vcpu)
{
    size_t n;
    const struct vcpu_identity *registers = vcpu_identity(&n);

    for (size_t i = 0; i < n; i++)
        vcpu->engine->identity[i] = unicorn_native_register(vcpu, registers[i].encoding);
}

int unicorn_calibrate(struct vcpu_engine *engine, struct vgic5_error *error)
{
    static const uint32_t code[] = {INSN_LDXR_X11_X8, UNICORN_INSN_SVC_PROBE};
    struct vcpu vcpu = {.engine = engine};
    int ret = unicorn_open(&vcpu, error);

    if (ret == 0)
        find_identity(&vcpu);
    if (ret == 0 && unicorn_run_probe(&vcpu, code, sizeof(code)) != UC_ERR_OK)
        ret = not_executed(error);
    if (ret == 0)
        ret = search(&vcpu, found_syndrome, "the syndrome of an SVC", &engine->layout.syndrome,
                     error);
    if (ret == 0)
        ret = search(&vcpu, found_monitor, "the exclusive monitor", &engine->layout.monitor, error);
    if (ret == 0)
        ret = probe_flags(&vcpu, error);
    if (ret == 0)
        find_features(&vcpu);
    if (ret == 0)
        unicorn_zero_find_block(&vcpu);
    if (ret == 0)
        unicorn_stores_try(&vcpu);
    if (ret == 0)
        unicorn_place_try(&vcpu);
    if (ret == 0)
        ret = unicorn_parallel_try(&vcpu);
    unicorn_close(&vcpu);
    return ret;
}
