/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stress [steps [seed]]
 *
 * Many threads in one device: each interrupt that is caused is taken once, whoever moves, disables
 * or reprioritises it meanwhile. To be run under ThreadSanitizer too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stress.h"

#define STEPS 4000u
#define SEED 20261122u
#define NR_WIRES 2u
#define NR_FRAMES 2u
#define NR_ACTORS (NR_VCPUS + NR_WIRES + NR_FRAMES)

#define NAPS 1000u

#define ICSR_PENDING_OR_ACTIVE 0x14u

static int failures;

static void check(bool good, const char *what, unsigned long value)
{
    static int number;
    printf("%s %d - %s (%lu)\n", good ? "ok" : "not ok", ++number, what, value);
    failures += !good;
}

static void start(struct stress *s, struct actor *actors)
{
    for (uint32_t i = 0; i < NR_ACTORS; i++) {
        void *(*body)(void *) = i < NR_VCPUS              ? actor_vcpu
                                : i < NR_VCPUS + NR_WIRES ? actor_wires
                                                          : actor_frame;
        actors[i] = (struct actor){.stress = s, .number = i, .random = s->seed + 77 * i + 1};
        if (pthread_create(&actors[i].thread, NULL, body, &actors[i])) {
            perror("pthread_create");
            exit(2);
        }
    }
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
    for (uint32_t i = NR_VCPUS; i < NR_ACTORS; i++)
        pthread_join(actors[i].thread, NULL);
    wait_until_taken(s);
    atomic_store(&s->over, true);
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        pthread_join(actors[i].thread, NULL);
}

static void judge(struct stress *s)
{
    struct book *book = &s->book;
    unsigned long caused = book->caused, taken = book->taken, restless = 0, wrong_lines = 0;
    for (uint32_t i = 0; i < NR_INTERRUPTS; i++) {
        msr(s->vcpu[0], CDRCFG, stress_intid(i));
        restless += (mrs(s->vcpu[0], ICC_ICSR) & ICSR_PENDING_OR_ACTIVE) != 0;
        restless += book->way[i] != WAY_IDLE;
    }
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        wrong_lines += vgic5_vcpu_line(s->vcpu[i]) != VGIC5_LINE_NONE || s->told[i] != 0;
    check(caused > s->steps, "interrupts caused", caused);
    check(caused == taken, "lost", caused - taken);
    check(book->duplicated == 0, "duplicated", book->duplicated);
    check(book->unknown == 0, "unknown", book->unknown);
    check(restless == 0, "still pending or active", restless);
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
    int error = stress_create(s);
    if (error) {
        printf("not ok 1 - the device: %d\n", error);
        return 1;
    }
    atomic_store(&s->causing, NR_VCPUS);
    start(s, actors);
    finish(s, actors);
    judge(s);
    vgic5_destroy(s->device);
    free(s);
    return failures != 0;
}
