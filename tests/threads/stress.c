/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stress [steps [seed]]
 *
 * Many threads in one device: each interrupt that is caused is taken once, whoever moves, disables
 * or reprioritises it meanwhile, and tables are handed out. To be run under ThreadSanitizer too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stress.h"

#define STEPS 4000u
#define SEED 20261122u

static const struct cast {
    void *(*body)(void *actor);
    uint32_t nr;
} cast[] = {
    {actor_vcpu, NR_VCPUS}, {actor_sleeper, NR_SLEEPERS}, {actor_wires, 2}, {actor_frame, 2},
    {actor_vmm, 1},
};
#define NR_CASTS (sizeof(cast) / sizeof(cast[0]))
#define NR_ACTORS (NR_ALL + 2 + 2 + 1)

#define NAPS 1000u

#define ICSR_PENDING_OR_ACTIVE (VGIC5_ICC_ICSR_PENDING | VGIC5_ICC_ICSR_ACTIVE)

static int failures;

static void check(bool good, const char *what, unsigned long value)
{
    static int number;
    printf("%s %d - %s (%lu)\n", good ? "ok" : "not ok", ++number, what, value);
    failures += !good;
}

static void start_one(struct stress *s, struct actor *actor, uint32_t number,
                      void *(*body)(void *actor))
{
    *actor = (struct actor){.stress = s, .number = number, .random = s->seed + 77 * number + 1};
    if (pthread_create(&actor->thread, NULL, body, actor)) {
        perror("pthread_create");
        exit(2);
    }
}

static void start(struct stress *s, struct actor *actors)
{
    uint32_t number = 0;
    for (size_t i = 0; i < NR_CASTS; i++)
        for (uint32_t n = 0; n < cast[i].nr; n++, number++)
            start_one(s, &actors[number], number, cast[i].body);
}

/* Everything has been taken, or nothing has for a while though nobody causes any more. */
static void wait_until_taken(struct stress *s)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    struct book *book = &s->book;
    unsigned long before = 0, idle = 0;
    while (idle < NAPS) {
        unsigned long taken = atomic_load(&book->taken);
        bool causing = atomic_load(&s->causing);
        if (!causing && taken == atomic_load(&book->caused))
            return;
        idle = causing || taken != before ? 0 : idle + 1;
        before = taken;
        nanosleep(&nap, NULL);
    }
}

/* Who causes comes to an end by itself; the vCPUs go on taking until everything has been. */
static void finish(struct stress *s, struct actor *actors)
{
    for (uint32_t i = NR_ALL; i < NR_ACTORS; i++)
        pthread_join(actors[i].thread, NULL);
    wait_until_taken(s);
    atomic_store(&s->over, true);
    for (uint32_t i = 0; i < NR_ALL; i++) {
        pthread_mutex_lock(&s->told[i].mutex);
        pthread_cond_signal(&s->told[i].raised);
        pthread_mutex_unlock(&s->told[i].mutex);
        pthread_join(actors[i].thread, NULL);
    }
}

static void judge(struct stress *s)
{
    struct book *book = &s->book;
    unsigned long caused = book->caused, taken = book->taken, restless = 0, wrong_lines = 0;
    for (uint32_t i = 0; i < NR_INTERRUPTS; i++) {
        vmm_msr(s->vmm.vcpu[0], VGIC5_CDRCFG, stress_intid(i));
        restless += (vmm_mrs(s->vmm.vcpu[0], VGIC5_ICC_ICSR) & ICSR_PENDING_OR_ACTIVE) != 0;
        restless += book->way[i] != WAY_IDLE;
    }
    for (uint32_t i = 0; i < NR_ALL; i++)
        wrong_lines += vgic5_vcpu_line(s->vmm.vcpu[i]) != VGIC5_LINE_NONE ||
                       s->told[i].line != VGIC5_LINE_NONE;
    check(caused > s->steps, "interrupts caused", caused);
    check(caused == taken, "lost", caused - taken);
    check(book->duplicated == 0, "duplicated", book->duplicated);
    check(book->unknown == 0, "unknown", book->unknown);
    check(restless == 0, "still pending or active", restless);
    check(s->seen > s->steps / 32, "tables handed out among wires", s->seen);
    check(s->refused == 0, "attributes refused without reason", s->refused);
    check(wrong_lines == 0, "lines that are up or were told so", wrong_lines);
}

int main(int argc, char **argv)
{
    struct stress *s = calloc(1, sizeof(*s));
    static struct actor actors[NR_ACTORS];
    if (!s)
        return 2;
    s->steps = argc > 1 ? strtoul(argv[1], NULL, 0) : STEPS;
    s->seed = argc > 2 ? strtoul(argv[2], NULL, 0) : SEED;
    printf("# seed %" PRIu64 ", %lu steps, %u threads\n", s->seed, s->steps, NR_ACTORS);
    int ret = stress_create(s);
    if (ret) {
        printf("not ok 1 - the device: %d\n", ret);
        return 1;
    }
    atomic_store(&s->causing, NR_VCPUS);
    start(s, actors);
    finish(s, actors);
    judge(s);
    check(stress_destroy(s), "the device has left nothing", 0);
    free(s);
    return failures != 0;
}
