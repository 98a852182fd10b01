/* SPDX-License-Identifier: BSD-3-Clause */
/* Random configurations, the same for the library and the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

/* splitmix64: any seed is a good one */
uint64_t random_word(struct world *w)
{
    uint64_t z = w->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint32_t random_below(struct world *w, uint32_t n)
{
    return (uint32_t)((random_word(w) >> 32) * n >> 32);
}

bool random_percent(struct world *w, uint32_t percent)
{
    return random_below(w, 100) < percent;
}

static bool id_taken(const struct ref_config *c, uint32_t id)
{
    for (uint32_t i = 0; i < c->nr_pes; i++)
        if (c->pe_id[i] == id)
            return true;
    return false;
}

static void choose_pes(struct world *w)
{
    static const uint32_t spread[] = {0, 40, 4096, 65536};
    struct ref_config *c = &w->ref_config;
    uint32_t want = 1 + random_below(w, REF_MAX_PES);
    uint32_t limit = spread[random_below(w, 4)];
    while (c->nr_pes < want) {
        uint32_t id = limit ? random_below(w, limit) : c->nr_pes;
        if (!id_taken(c, id))
            c->pe_id[c->nr_pes++] = id;
    }
}

/* Small tables mostly: the model looks at every entry. */
static uint8_t choose_id_bits(struct world *w)
{
    uint32_t which = random_below(w, 100);
    if (which < 80)
        return (uint8_t)(4 + random_below(w, 8));
    return (uint8_t)(which < 92 ? 12 + random_below(w, 5) : 17 + random_below(w, 8));
}

static void choose_features(struct world *w)
{
    static const uint8_t ipa_bits[] = {40, 42, 44, 48, 52, 56};
    static const uint64_t ppis[] = {0x48800008, 0x48000008, 0x48800008, 0x800000000ffffff8};
    struct ref_config *c = &w->ref_config;
    c->ipa_bits = ipa_bits[random_below(w, 6)];
    c->id_bits = choose_id_bits(w);
    c->min_bits = (uint8_t)(1 + random_below(w, c->id_bits < 14 ? c->id_bits : 14));
    if (random_percent(w, 60))
        c->min_bits = 1;
    c->pri_bits = (uint8_t)(random_percent(w, 50) ? 5 : 1 + random_below(w, 5));
    c->l2sz = (uint8_t)(random_percent(w, 30) ? 0 : random_below(w, 8));
    if (c->id_bits > 16) /* a linear table would fill memory */
        c->l2sz |= (uint8_t)(1u << random_below(w, 3));
    c->istmd = random_percent(w, 40);
    c->istmd_sz = (uint8_t)(c->istmd ? random_below(w, c->id_bits + 2u) : 0);
    c->ppis = ppis[random_below(w, 4)];
    c->nr_spis = random_percent(w, 60) ? 32 : 32 * (1 + random_below(w, 32));
}

/* One half of memory for a linear or level 1 table, one for level 2 tables: of more than 16 id bits
 * those of the LPIs in play. */
static void choose_memory(struct world *w)
{
    struct ref_config *c = &w->ref_config;
    uint32_t half = c->id_bits > 16 ? 0x100000 : (c->istmd ? 16u : 4u) << c->id_bits;
    c->ram_base = random_percent(w, 50) ? 0x40000000 : 0x1240000000;
    c->ram_size = 2 * (size_t)(half < 0x10000 ? 0x10000 : half);
}

static void choose_interrupts(struct world *w)
{
    for (uint32_t i = 0; i < IN_PLAY; i++) {
        uint32_t lpis = 1u << w->ref_config.id_bits;
        bool small = random_percent(w, 40);
        w->spi[i] = random_below(w, small ? 8 : w->ref_config.nr_spis);
        w->lpi[i] = random_below(w, small && lpis > 8 ? 8 : lpis);
    }
    w->spi[0] = w->ref_config.nr_spis - 1;
    w->lpi[0] = (1u << w->ref_config.id_bits) - 1;
    for (uint32_t i = 0; i < 4; i++)
        w->priority[i] = (uint8_t)random_below(w, 32);
    if (random_percent(w, 50))
        w->priority[0] = 0;
}

static void to_library(struct world *w)
{
    const struct ref_config *c = &w->ref_config;
    w->config = (struct vgic5_config){
        .size = sizeof(w->config),
        .abi = VGIC5_ABI_V1,
        .ipa_bits = c->ipa_bits,
        .lpi_id_bits = c->id_bits,
        .min_lpi_id_bits = c->min_bits,
        .priority_bits = c->pri_bits,
        .ist_l2sz = c->l2sz,
        .istmd = c->istmd,
        .istmd_sz = c->istmd_sz,
        .threads = random_percent(w, 50), /* locks, by one thread: none may be taken twice */
        .ppis = {c->ppis, 0},
    };
    w->options = (struct vmm_shape){
        .config = &w->config,
        .nr_vcpus = c->nr_pes,
        .ids = c->pe_id,
        .nr_spis = c->nr_spis,
        .ram_base = c->ram_base,
        .ram_size = c->ram_size,
    };
}

/* A guest that has just set itself up: everything enabled, a table valid. */
static void enqueue_start(struct world *w)
{
    enqueue_new_table(w);
    enqueue(w, op_mmio_write(VGIC5_IRS_CR0, 1));
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        enqueue(w, op_cpu(i, VGIC5_ICC_PCR, true, 31));
        enqueue(w, op_cpu(i, VGIC5_ICC_CR0, true, 1));
        enqueue(w, op_cpu(i, VGIC5_ICC_PPI_ENABLER(0), true, random_word(w) | random_word(w)));
    }
}

void world_create(struct world *w, uint64_t seed)
{
    struct vgic5_mmio iidr = {.offset = VGIC5_IRS_IIDR, .size = 4};
    memset(w, 0, offsetof(struct world, statistic));
    w->seed = w->random = seed;
    choose_pes(w);
    choose_features(w);
    choose_memory(w);
    choose_interrupts(w);
    w->restores = random_percent(w, 50);
    to_library(w);
    if (!vmm_prepare(&w->lib, w->options.ram_base, w->options.ram_size))
        abort();
    int ret = vmm_build(&w->lib, &w->options);
    if (!ret)
        ret = machine_enter(&w->lib);
    if (ret) {
        printf("seed %llu: the device cannot be made: error %d\n", (unsigned long long)seed, ret);
        exit(1);
    }
    vgic5_mmio(w->lib.device, &iidr);
    w->ref_config.iidr = (uint32_t)iidr.value;
    w->ref = ref_create(&w->ref_config);
    enqueue_start(w);
}

void world_drop(struct world *w)
{
    machine_leave(&w->lib);
    bool clean = vmm_drop_device(&w->lib);
    expect_equal(w, "memory given back at destroy", clean, true);
    vmm_free_ram(&w->lib);
    ref_destroy(w->ref);
}
