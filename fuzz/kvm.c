/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random ioctls against the emulated /dev/kvm, in one process: a VMM that keeps a model of what it
 * has made (kvm_model.c) knows many answers beforehand, and any other is one of KVM's errnos. Its
 * guests execute what the input says. When all is closed, nothing is left: no mapping of a slot, no
 * descriptor, no memory (the sanitizers see that).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm_actions.h"
#include "unicorn/unicorn_engine.h"

bool one_in(struct fuzz_input *input, unsigned n)
{
    return fuzz_take(input, 1) % n == 1 % n;
}

/* Each contract has a kernel of its own: what the engine has to learn takes time. */
static struct kvmd *kernel_of(enum kvmd_profile profile)
{
    static struct kvmd *kernels[4];
    const struct kvmd_config config = {.profile = profile, .engine = &unicorn_engine};
    struct vgic5_error error = {0};

    if (!kernels[profile] && kvmd_create(&config, &kernels[profile], &error) != 0) {
        printf("1..0 # SKIP %s\n", error.message);
        exit(0);
    }
    return kernels[profile];
}

/* Most VMMs begin so. */
static void begin(struct fuzz_vmm *vmm)
{
    static const unsigned usual[] = {0, 1, 2, 6, 18}; /* open … a vCPU that is initialised */

    for (size_t n = 0; n < sizeof(usual) / sizeof(usual[0]); n++)
        actions[usual[n]](vmm);
}

static void end(struct fuzz_vmm *vmm, unsigned descriptors)
{
    for (unsigned n = 0; n < MOST_THINGS; n++) {
        if (vmm->model.things[n].object)
            close_thing(&vmm->model.things[n]);
    }
    if (memory.mapped) {
        fprintf(stderr, "fuzz: %ld slots are still mapped\n", memory.mapped);
        fuzz_failed();
    }
    if (open_descriptors() != descriptors) {
        fprintf(stderr, "fuzz: %u descriptors, now %u\n", descriptors, open_descriptors());
        fuzz_failed();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_vmm vmm;
    unsigned descriptors;

    memset(&vmm, 0, sizeof(vmm));
    vmm.input = (struct fuzz_input){data, size};
    vmm.kvmd = kernel_of((enum kvmd_profile)(1 + fuzz_take(&vmm.input, 1) % 3));
    memory_open();
    descriptors = open_descriptors();
    begin(&vmm);
    while (vmm.input.left) {
        actions[fuzz_take(&vmm.input, 1) % nr_actions](&vmm);
        vmm.actions++;
    }
    end(&vmm, descriptors);
    memory_close();
    return 0;
}
