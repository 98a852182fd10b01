/* SPDX-License-Identifier: BSD-3-Clause */
/* The neutral state: its memory, and what others may ask of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migration/internal.h"

struct vgic5_state *state_new(void)
{
    return calloc(1, sizeof(struct vgic5_state));
}

void vgic5_state_free(struct vgic5_state *state)
{
    if (!state)
        return;
    free(state->vcpus);
    free(state->lpis);
    free(state);
}

int state_set_nr_vcpus(struct vgic5_state *state, uint32_t number, struct vgic5_error *error)
{
    free(state->vcpus);
    state->nr_vcpus = 0;
    state->vcpus = calloc(number ? number : 1, sizeof(*state->vcpus));
    if (!state->vcpus)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for %u vCPUs", number);
    state->nr_vcpus = number;
    return 0;
}

int state_set_nr_lpis(struct vgic5_state *state, size_t words, struct vgic5_error *error)
{
    free(state->lpis);
    state->nr_lpis = 0;
    state->lpis = calloc(words, sizeof(*state->lpis));
    if (!state->lpis)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for %zu LPIs", words);
    state->nr_lpis = words;
    return 0;
}

struct state_vcpu *state_vcpu(const struct vgic5_state *state, uint32_t id)
{
    for (uint32_t n = 0; n < state->nr_vcpus; n++) {
        if (state->vcpus[n].id == id)
            return &state->vcpus[n];
    }
    return NULL;
}

size_t state_ist_lpis(const struct vgic5_state *state)
{
    if (!FIELD_GET(IRS_IST_BASER_VALID, state->irs[IRS_IST_BASER_ROW]))
        return 0;
    return (size_t)1 << FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, state->irs[IRS_IST_CFGR_ROW]);
}

uint32_t vgic5_state_abi(const struct vgic5_state *state)
{
    if (!state)
        return 0;
    return state->abi;
}

uint64_t vgic5_state_addr(const struct vgic5_state *state)
{
    if (!state)
        return 0;
    return state->addr;
}

uint32_t vgic5_state_nr_spis(const struct vgic5_state *state)
{
    if (!state)
        return 0;
    return state->nr_spis;
}

uint32_t vgic5_state_nr_vcpus(const struct vgic5_state *state)
{
    if (!state)
        return 0;
    return state->nr_vcpus;
}

uint32_t vgic5_state_vcpu_id(const struct vgic5_state *state, uint32_t n)
{
    return state && n < state->nr_vcpus ? state->vcpus[n].id : UINT32_MAX;
}

int vgic5_state_irs(const struct vgic5_state *state, const char *name, uint64_t *value)
{
    if (!state || !name || !value)
        return -EINVAL;
    for (unsigned row = 0; row < IRS_NR_ROWS; row++) {
        if (migration_irs_is_global(row) && strcmp(irs_registers[row].name, name) == 0) {
            *value = state->irs[row];
            return 0;
        }
    }
    return -ENOENT;
}

int vgic5_state_icc(const struct vgic5_state *state, uint32_t n, const char *name, uint64_t *value)
{
    if (!state || !name || !value)
        return -EINVAL;
    for (unsigned index = 0; index < NR_SYSREGS && n < state->nr_vcpus; index++) {
        if (strcmp(migration_sysreg(index).name, name) == 0) {
            *value = state->vcpus[n].icc[index];
            return 0;
        }
    }
    return -ENOENT;
}

uint32_t vgic5_state_spi(const struct vgic5_state *state, uint32_t id, bool *level_triggered,
                         bool *wire)
{
    bool exists = state && id < state->nr_spis;

    if (!level_triggered || !wire)
        return 0;
    *level_triggered = exists && bit_of(state->tm, id);
    *wire = exists && bit_of(state->wires, id);
    return exists ? state->spi[id] : 0;
}

const uint32_t *vgic5_state_lpis(const struct vgic5_state *state, size_t *words)
{
    if (!state || !words)
        return NULL;
    *words = state->nr_lpis;
    return state->lpis;
}
