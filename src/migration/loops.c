/* SPDX-License-Identifier: BSD-3-Clause */
/* The loops of the plans, each for the save, the restore, and what reads back. */
#include "migration/engine.h"

static const struct vgic5_state *state_of(const struct engine *engine)
{
    return engine->saved ? engine->saved : engine->restored;
}

int engine_each_pe(struct engine *engine, int (*visit)(struct engine *engine, uint32_t n))
{
    const struct vgic5_state *state = state_of(engine);
    int ret = 0;

    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++) {
        ret = engine_set_irs(engine, IRS_PE_SELR_ROW, state->vcpus[n].id);
        if (ret == 0)
            ret = visit(engine, n);
    }
    return ret;
}

int engine_each_spi(struct engine *engine, int (*visit)(struct engine *engine, uint32_t id))
{
    const struct vgic5_state *state = state_of(engine);
    int ret = 0;

    for (uint32_t id = 0; id < state->nr_spis && ret == 0; id++) {
        ret = engine_set_irs(engine, IRS_SPI_SELR_ROW, id);
        if (ret == 0)
            ret = visit(engine, id);
    }
    return ret;
}

static int each_of_interface(struct engine *engine, uint32_t n,
                             int (*visit)(struct engine *engine, uint32_t n, unsigned index))
{
    int ret = 0;

    for (unsigned index = 0; index < NR_SYSREGS && ret == 0; index++)
        ret = visit(engine, n, index);
    return ret;
}

int engine_each_icc(struct engine *engine,
                    int (*visit)(struct engine *engine, uint32_t n, unsigned index))
{
    const struct vgic5_state *state = state_of(engine);
    int ret = 0;

    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = each_of_interface(engine, n, visit);
    return ret;
}
