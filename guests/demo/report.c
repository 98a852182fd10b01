/* SPDX-License-Identifier: BSD-3-Clause */
/* What the console says. */
#include "demo.h"

struct total {
    uint32_t caused, taken, lost;
};

static void add(struct total *total, const struct source *source)
{
    total->caused += source->caused;
    total->taken += source->taken;
    if (source->caused > source->taken)
        total->lost += source->caused - source->taken;
}

static struct total total_of_kind(enum kind kind)
{
    struct total total = {0, 0, 0};

    for (uint32_t c = 0; kind == KIND_PPI && c < nr_cpus; c++) {
        for (uint32_t i = 0; i < NR_PPIS; i++)
            add(&total, &ppis[c][i]);
    }
    for (uint32_t i = 0; kind == KIND_SPI && i < NR_SPIS; i++)
        add(&total, &spis[i]);
    for (uint32_t i = 0; kind == KIND_LPI && i < NR_LPIS; i++)
        add(&total, &lpis[i]);
    return total;
}

void report_start(void)
{
    print("demo: %u vCPUs, %u LPIs among 2^%u, %u SPIs, %u PPIs per vCPU; ", nr_cpus, NR_LPIS,
          ist.id_bits, NR_SPIS, NR_PPIS);
    if (ist.two_level)
        print("two-level IST, L2 tables of 2^%u entries, %u in use\n", ist.l2bits, ist.l2_tables);
    else
        print("linear IST\n");
}

void report_phase(const char *name)
{
    uint32_t taken = 0;

    for (uint32_t c = 0; c < nr_cpus; c++)
        taken += load_acquire(&books[c].taken);
    print("demo: %s done, %u interrupts so far\n", name, taken);
}

static struct book sum_of_books(void)
{
    struct book sum = {.taken = 0};

    for (uint32_t c = 0; c < nr_cpus; c++) {
        print("demo: vCPU %u took %u, history %lx\n", c, books[c].taken, books[c].digest);
        sum.duplicated += books[c].duplicated;
        sum.out_of_order += books[c].out_of_order;
        sum.misrouted += books[c].misrouted;
        sum.early += books[c].early;
        sum.late += books[c].late;
        sum.wrong_state += books[c].wrong_state;
        sum.withdrawn += books[c].withdrawn;
    }
    return sum;
}

int report_verdict(void)
{
    static const char *const names[NR_KINDS] = {"PPI", "SPI", "LPI"};
    struct book sum = sum_of_books();
    struct total all = {0, 0, 0};
    bool pass;

    for (uint32_t kind = 0; kind < NR_KINDS; kind++) {
        struct total total = total_of_kind(kind);

        print("demo: %s caused %u, taken %u\n", names[kind], total.caused, total.taken);
        all.caused += total.caused;
        all.taken += total.taken;
        all.lost += total.lost;
    }
    print("demo: withdrawn while pending %u; on the wrong vCPU %u, before its time %u, late %u, "
          "wrong state %u\n",
          sum.withdrawn, sum.misrouted, sum.early, sum.late, sum.wrong_state);
    print("verdict: caused %u, taken %u, lost %u, duplicated %u, out of order %u\n", all.caused,
          all.taken, all.lost, sum.duplicated, sum.out_of_order);
    pass = !(all.lost | sum.duplicated | sum.out_of_order | sum.misrouted | sum.early | sum.late |
             sum.wrong_state) &&
           all.caused == all.taken;
    print("demo: %s\n", pass ? "PASS" : "FAIL");
    return pass ? 0 : 1;
}
