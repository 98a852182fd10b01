/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of its own, with the shim preloaded, against a server in this process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "listening.h"

static const char *program, *shim;

static int run(const struct served_kernel *kernel, const char *part)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        setenv("VGIC5_KVM_SOCKET", kernel->path, 1);
        setenv("LD_PRELOAD", shim, 1);
        execl(program, program, part, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* A part of the program that has to come to its end. */
struct program_part {
    const char *name;
    enum kvmd_profile profile;
};

static void test_part(void **state)
{
    const struct program_part *part = *state;
    struct served_kernel kernel;

    open_kernel(&kernel, part->profile);
    assert_int_equal(run(&kernel, part->name), 0);
    close_kernel(&kernel);
}

static void test_killed(void **state)
{
    struct served_kernel kernel;
    int status;

    (void)state;
    open_kernel(&kernel, KVMD_7_4);
    status = run(&kernel, "killed");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close_kernel(&kernel);
}

int main(int argc, char **argv)
{
    static struct program_part parts[] = {
        {"conform", KVMD_7_4},   {"conform", KVMD_V1}, {"descriptors", KVMD_7_4},
        {"pointers", KVMD_7_4},  {"memory", KVMD_7_4}, {"large", KVMD_7_4},
        {"no-memory", KVMD_7_4}, {"closed", KVMD_7_4}, {"dying", KVMD_7_4}};
    const struct CMUnitTest tests[] = {
        {"conform_7_4", test_part, NULL, NULL, &parts[0]},
        {"conform_v1", test_part, NULL, NULL, &parts[1]},
        {"descriptors", test_part, NULL, NULL, &parts[2]},
        {"pointers", test_part, NULL, NULL, &parts[3]},
        {"memory", test_part, NULL, NULL, &parts[4]},
        {"large", test_part, NULL, NULL, &parts[5]},
        {"no_memory", test_part, NULL, NULL, &parts[6]},
        {"closed", test_part, NULL, NULL, &parts[7]},
        {"dying", test_part, NULL, NULL, &parts[8]},
        cmocka_unit_test(test_killed),
    };

    if (argc != 3)
        return 2;
    program = argv[1];
    shim = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
