/* SPDX-License-Identifier: BSD-3-Clause */
/* The library and the reference model side by side, under the same random operations. */
#ifndef TESTS_GICV5_RANDOM_H
#define TESTS_GICV5_RANDOM_H

#include "host.h"
#include "../reference/reference.h"

#define IN_PLAY 12
#define QUEUE 128
#define RECENT 32
#define MAX_NOTED (1 << 18) /* linear; more than the L2 tables of those in play */

enum kind { OP_MMIO, OP_CPU, OP_SPI_LINE, OP_PPI_LINE, OP_SW_PPI_LINE, OP_NMI, OP_STORE, OP_ZERO };

struct op {
    enum kind kind;
    uint32_t pe;
    uint32_t where; /* offset, encoding, interrupt number, or offset in RAM */
    uint32_t size;
    bool is_write; /* or the level, or NMI */
    uint64_t value;
};

/* What happened at all: a comparison that never acknowledged anything proves nothing. */
enum statistic {
    ST_ACKNOWLEDGED,
    ST_NMI,
    ST_SPURIOUS,
    ST_NESTED,
    ST_LPI_TAKEN,
    ST_SPI_TAKEN,
    ST_PPI_TAKEN,
    ST_LINE_UP,
    ST_TABLE_UP,
    ST_TABLE_DOWN,
    ST_TABLE_REFUSED,
    ST_L2_MAPPED,
    ST_UNREACHABLE,
    ST_UNDEFINED,
    ST_STATE_COMPARED,
    ST_WIDE,
    ST_RESTORED,
    NR_STATISTICS
};

struct world {
    uint64_t seed, random;
    uint64_t operation; /* number of the present one */
    struct op op;
    struct vgic5_config config;
    struct vmm_shape options;
    struct vmm lib;
    struct ref_config ref_config;
    struct ref *ref;
    bool restores; /* save and restore now and then */

    uint32_t spi[IN_PLAY], lpi[IN_PLAY];
    uint8_t priority[4];
    uint32_t recent[RECENT], recent_pe[RECENT]; /* INTIDs acknowledged, and by whom */
    uint32_t nr_recent;
    uint32_t geometry; /* IST_CFGR of the tables that lie in memory */
    struct op queue[QUEUE];
    uint32_t queue_head, queue_tail;
    struct noted {
        uint32_t lpi;
        size_t at;
    } * noted; /* note_entries */
    uint32_t nr_noted;
    uint64_t statistic[NR_STATISTICS];
};

uint64_t random_word(struct world *w);
uint32_t random_below(struct world *w, uint32_t n);
bool random_percent(struct world *w, uint32_t percent);

/* random_config.c: a new pair of a device and a model from w->seed */
void world_create(struct world *w, uint64_t seed);
void world_drop(struct world *w);

/* random_ops.c: what to do next; random_ist.c: the parts about tables */
struct op next_operation(struct world *w);
void enqueue(struct world *w, struct op op);
void enqueue_route(struct world *w, uint32_t intid);
void enqueue_new_table(struct world *w);
void enqueue_map_l2(struct world *w);
struct op op_mmio_write(uint32_t offset, uint64_t value);
struct op op_cpu(uint32_t pe, uint16_t encoding, bool is_write, uint64_t value);

/* random_apply.c: do it to both and compare what can be seen at once */
void apply_operation(struct world *w, const struct op *op);
void describe_operation(const struct world *w, const struct op *op, char *words, size_t size);
_Noreturn void differ(const struct world *w, const char *what, uint64_t library,
                      uint64_t reference);
void expect_equal(const struct world *w, const char *what, uint64_t library, uint64_t reference);
void compare_lines(struct world *w);

/* random_state.c, random_restore.c */
void compare_state(struct world *w);
void note_entries(struct world *w);
void compare_noted_entries(struct world *w);
bool table_is_whole(const struct world *w); /* no entry of a valid table is missing from memory */
void save_and_restore(struct world *w);

#endif
