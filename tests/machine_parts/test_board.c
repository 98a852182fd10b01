/* SPDX-License-Identifier: BSD-3-Clause */
/* The board with an engine that is not Unicorn, and no Unicorn in the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/bus.h"
#include "machine/machine.h"
#include "stub_engine.h"

#define PSCI_CPU_ON 0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u
#define ENTRY (MAP_RAM_BASE + 0x80000)

struct printed {
    char text[64];
    size_t n;
};

static void print(void *opaque, const uint8_t *bytes, size_t n)
{
    struct printed *printed = opaque;

    for (size_t i = 0; i < n && printed->n + 1 < sizeof(printed->text); i++)
        printed->text[printed->n++] = (char)bytes[i];
}

static void put(struct vcpu *vcpu, const char *text)
{
    for (; *text; text++)
        stub_host(vcpu)->mmio_write(stub_host(vcpu)->opaque, MAP_PL011_BASE, 4, (uint8_t)*text);
}

/* vCPU 0 says who it is and starts vCPU 1, which says so and ends the machine. */
static enum vcpu_exit two_say_hello(struct vcpu *vcpu, unsigned n)
{
    struct vcpu_sysreg mpidr = {.encoding = VGIC5_ENCODING(3, 0, 0, 0, 5), .el = 1};
    enum vcpu_exit exit;
    char text[32];

    if (stub_execute(vcpu, 100, &exit))
        return exit;
    if (n == 0 && vcpu_get_x(vcpu, 5) == 1)
        return VCPU_EXIT_WFI;
    assert_int_equal(stub_host(vcpu)->sysreg(stub_host(vcpu)->opaque, &mpidr), VCPU_SYSREG_DONE);
    snprintf(text, sizeof(text), "%u:%x\n", n, (unsigned)mpidr.value);
    put(vcpu, text);
    vcpu_set_x(vcpu, 0, n == 0 ? PSCI_CPU_ON : PSCI_SYSTEM_OFF);
    vcpu_set_x(vcpu, 1, 1);
    vcpu_set_x(vcpu, 2, ENTRY + 16);
    vcpu_set_x(vcpu, 5, 1);
    if (n == 1)
        assert_int_equal(stub_pc(vcpu), ENTRY + 16);
    return VCPU_EXIT_HVC;
}

/* Linux's header, and a text offset of 0x80000. */
static const char *an_image(void)
{
    static char path[] = "board-image-XXXXXX";
    const uint32_t header[16] = {0x14000010, 0, 0x80000, 0, 4096, 0, 8, [14] = 0x644d5241};
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(header, 1, sizeof(header), file), sizeof(header));
    assert_int_equal(fclose(file), 0);
    return path;
}

static void the_board_runs_without_unicorn(void **state)
{
    struct printed printed = {{0}, 0};
    const struct machine_config config = {
        .engine = &stub_engine,
        .nr_vcpus = 2,
        .ram_size = 4 << 20,
        .nr_spis = 64,
        .gic.size = sizeof(config.gic),
        .deterministic = true,
        .console = {.output = print, .opaque = &printed},
    };
    const struct machine_until until = {.insn = 1000000};
    const char *image = an_image();
    struct machine_stopped stopped = {0};
    struct vgic5_error error = {0};
    struct machine *machine;

    (void)state;
    stub_follow(two_say_hello);
    assert_int_equal(machine_create(&config, &machine, &error), 0);
    if (machine_boot(machine, image, NULL, "quiet", &error) != 0)
        fail_msg("%s", error.message);
    remove(image);
    machine_run(machine, &until, &stopped);
    assert_int_equal(stopped.why, MACHINE_STOP_OFF);
    assert_string_equal(printed.text, "0:80000000\n1:80000001\n");
    machine_destroy(machine);
}

static void no_machine_without_an_engine(void **state)
{
    const struct machine_config config = {
        .nr_vcpus = 1, .ram_size = 4 << 20, .nr_spis = 64, .gic.size = sizeof(config.gic)};
    struct vgic5_error error = {0};
    struct machine *machine = NULL;

    (void)state;
    assert_true(machine_create(&config, &machine, &error) < 0);
    assert_non_null(strstr(error.message, "engine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_board_runs_without_unicorn),
        cmocka_unit_test(no_machine_without_an_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
