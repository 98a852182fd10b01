/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minivmm.h"

void die(const char *what)
{
    fprintf(stderr, "minivmm: %s: %s\n", what, strerror(errno));
    exit(1);
}

struct options {
    const char *kernel, *initrd, *append, *restore, *save, *base, *text;
    unsigned long smp, mem;
    bool exits;
};

static const char usage[] =
    "usage: minivmm --kernel IMAGE [--initrd FILE] [--append WORDS] [--smp N] [--mem MIB]\n"
    "       minivmm --restore FILE\n"
    "either way: [--save FILE --at TEXT [--base FILE] [--exit]]\n";

static struct options parse(int argc, char **argv)
{
    static const struct option table[] = {{"kernel", 1, NULL, 'k'},
                                          {"initrd", 1, NULL, 'i'},
                                          {"append", 1, NULL, 'a'},
                                          {"smp", 1, NULL, 'n'},
                                          {"mem", 1, NULL, 'm'},
                                          {"restore", 1, NULL, 'r'},
                                          {"save", 1, NULL, 's'},
                                          {"at", 1, NULL, 't'},
                                          {"base", 1, NULL, 'b'},
                                          {"exit", 0, NULL, 'x'},
                                          {0}};
    struct options o = {.append = "", .smp = 1, .mem = 256};
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (c) {
        case 'k':
            o.kernel = optarg;
            break;
        case 'i':
            o.initrd = optarg;
            break;
        case 'a':
            o.append = optarg;
            break;
        case 'n':
            o.smp = strtoul(optarg, NULL, 10);
            break;
        case 'm':
            o.mem = strtoul(optarg, NULL, 10);
            break;
        case 'r':
            o.restore = optarg;
            break;
        case 's':
            o.save = optarg;
            break;
        case 't':
            o.text = optarg;
            break;
        case 'b':
            o.base = optarg;
            break;
        case 'x':
            o.exits = true;
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (!o.kernel == !o.restore || !o.save != !o.text || o.smp < 1 || o.smp > MOST_VCPUS ||
        o.mem < 64 || o.mem > 65536) {
        fputs(usage, stderr);
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    struct vmm vmm;

    if (options.restore) {
        restore(&vmm, options.restore);
    } else {
        vmm_create(&vmm, (uint32_t)options.smp, (uint64_t)options.mem << 20);
        vmm_init_gic(&vmm);
        boot(&vmm, options.kernel, options.initrd, options.append);
    }
    vmm_start(&vmm);
    if (options.save && vmm_wait(&vmm, options.text)) {
        save(&vmm, options.save, options.base);
        if (options.exits)
            return 0;
    }
    vmm_wait(&vmm, NULL);
    vmm_join(&vmm);
    vmm_destroy(&vmm);
    return vmm.status;
}
