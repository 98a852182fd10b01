/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first process of a Linux guest: exercises interrupts, counts them, says PASS or FAIL, powers
 * off. Its arguments are words behind `--` on the kernel command line:
 *
 *   cpus=N    there must be N CPUs
 *   replug    first take every CPU but 0 away, and bring it back
 *   alarm     let the real-time clock ring
 *   read=N    ask for N lines of input and print them again
 *   ticks=N   afterwards, wake up N times and watch the clocks
 *   sleep=N   afterwards, sleep for N seconds
 *   reset     end with a restart instead of a power-off
 *   return    end by returning, on which the kernel panics
 */
#include "init.h"

#define AT_FDCWD (-100)
#define O_WRONLY 1
#define O_RDWR 2
#define TCSBRK 0x5409
#define WAKE_ROUNDS 20u
#define WAKE_ATTEMPTS 200u

#define REBOOT_MAGIC1 0xfee1deadu
#define REBOOT_MAGIC2 672274793
#define REBOOT_RESTART 0x01234567
#define REBOOT_POWER_OFF 0x4321fedc

void init_main(long argc, char **argv);

static const char *failure;
static struct interrupts before, after;

void fail(const char *what)
{
    const char *none = NULL;

    __atomic_compare_exchange_n(&failure, &none, what, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The initrd has /dev/console, /proc and nothing else. */
static void set_up(void)
{
    long console = CALL(SYS_OPENAT, AT_FDCWD, "/dev/console", O_RDWR, 0, 0);

    for (long file = 0; file < 3; file++)
        if (console != file)
            CALL(SYS_DUP3, console, file, 0, 0, 0);
    if (CALL(SYS_MOUNT, "proc", "/proc", "proc", 0, 0) != 0)
        fail("no /proc");
}

static void mount_sys(void)
{
    CALL(SYS_MKDIRAT, AT_FDCWD, "/sys", 0755, 0, 0);
    if (CALL(SYS_MOUNT, "sysfs", "/sys", "sysfs", 0, 0) != 0)
        fail("no /sys");
}

static bool write_file(const char *path, const char *text, size_t n)
{
    long file = CALL(SYS_OPENAT, AT_FDCWD, path, O_WRONLY, 0, 0);
    bool done = file >= 0 && CALL(SYS_WRITE, file, text, n, 0, 0) == (long)n;

    CALL(SYS_CLOSE, file, 0, 0, 0, 0);
    return done;
}

static void switch_cpu(unsigned cpu, char state)
{
    char path[] = "/sys/devices/system/cpu/cpuN/online";

    path[sizeof("/sys/devices/system/cpu/cpu") - 1] = (char)('0' + cpu);
    if (!write_file(path, &state, 1))
        fail("a CPU cannot be switched");
}

/* Before any thread is pinned to them. */
static void replug(unsigned nr_cpus)
{
    for (unsigned cpu = 1; cpu < nr_cpus; cpu++) {
        switch_cpu(cpu, '0');
        if (work_nr_cpus() != cpu)
            fail("a CPU is still there");
        switch_cpu(cpu, '1');
        say("init: CPU %u was off\n", (uint64_t)cpu);
    }
}

static void await_alarm(void)
{
    if (!write_file("/sys/class/rtc/rtc0/wakealarm", "+1", 2))
        fail("no alarm");
    say("init: the alarm is set\n");
    sleep_until(now(CLOCK_MONOTONIC) + 2 * SECOND);
}

static void read_line(void)
{
    char line[128];
    long n;

    n = CALL(SYS_READ, 0, line, sizeof(line) - 1, 0, 0);
    if (n <= 0) {
        fail("no line of input");
        return;
    }
    line[line[n - 1] == '\n' ? n - 1 : n] = '\0';
    say("init: read '%s'\n", line);
}

static void read_lines(uint64_t n)
{
    if (n > 0)
        say("init: type %u lines\n", n);
    while (n-- > 0)
        read_line();
}

/* Has this interrupt come since the beginning, on each of this many CPUs? */
static bool has_grown(const char *word, unsigned nr_cpus)
{
    uint64_t then[MAX_CPUS], since[MAX_CPUS];

    if (!interrupts_count(&before, word, then) || !interrupts_count(&after, word, since))
        return false;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        if (since[cpu] <= then[cpu])
            return false;
    return true;
}

static void read_interrupts(struct interrupts *interrupts)
{
    if (!interrupts_read(interrupts))
        fail("no /proc/interrupts");
}

/* A CPU that is busy needs no interrupt to be given more work: try until all have been idle. */
static void exercise_wake_ups(unsigned nr_cpus)
{
    for (unsigned n = 0; n < WAKE_ATTEMPTS; n++) {
        work_wake(WAKE_ROUNDS);
        read_interrupts(&after);
        if (nr_cpus == 1 || has_grown("IPI", nr_cpus))
            return;
        sleep_until(now(CLOCK_MONOTONIC) + 50 * MILLISECOND);
    }
}

static void exercise(unsigned nr_cpus, char **argv)
{
    print_clocks("begin");
    read_interrupts(&before);
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
        work_on(cpu, exercise_timers);
        say("init: timers on CPU %u\n", (uint64_t)cpu);
    }
    exercise_wake_ups(nr_cpus);
    say("init: wake-ups on %u CPUs\n", (uint64_t)nr_cpus);
    if (have_argument(argv, "alarm"))
        await_alarm();
    read_lines(number_argument(argv, "read", 0));
    tick(number_argument(argv, "ticks", 0));
    sleep_until(now(CLOCK_MONOTONIC) + number_argument(argv, "sleep", 0) * SECOND);
    read_interrupts(&after);
}

static uint64_t sum(const uint64_t counts[MAX_CPUS])
{
    uint64_t all = 0;

    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        all += counts[cpu];
    return all;
}

static void check(unsigned nr_cpus, char **argv)
{
    uint64_t counts[MAX_CPUS];

    if (have_argument(argv, "alarm") &&
        (!interrupts_count(&after, "rtc-pl031", counts) || sum(counts) == 0))
        fail("no interrupt of the real-time clock");
    if (nr_cpus != number_argument(argv, "cpus", nr_cpus))
        fail("not all CPUs are there");
    if (!has_grown("arch_timer", nr_cpus))
        fail("no timer interrupts");
    if (nr_cpus > 1 && !has_grown("IPI", nr_cpus)) /* which of them is the kernel's affair */
        fail("no inter-processor interrupts");
    /* Output needs none: this UART is never full. The input may have come before all this. */
    if (number_argument(argv, "read", 0) > 0 &&
        (!interrupts_count(&after, "uart-pl011", counts) || sum(counts) == 0))
        fail("no UART interrupts");
}

static void end(char **argv)
{
    long command = have_argument(argv, "reset") ? (long)REBOOT_RESTART : (long)REBOOT_POWER_OFF;

    CALL(SYS_IOCTL, 1, TCSBRK, 1, 0, 0); /* wait until all is printed */
    if (!have_argument(argv, "return"))
        CALL(SYS_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, command, 0, 0);
    CALL(SYS_EXIT_GROUP, 0, 0, 0, 0, 0);
}

void init_main(long argc, char **argv)
{
    unsigned nr_cpus;

    (void)argc;
    set_up();
    nr_cpus = work_nr_cpus();
    say("init: %u CPUs\n", (uint64_t)nr_cpus);
    mount_sys();
    if (have_argument(argv, "replug"))
        replug(nr_cpus);
    exercise(nr_cpus, argv);
    check(nr_cpus, argv);
    CALL(SYS_WRITE, 1, after.text, after.size, 0, 0);
    print_clocks("end");
    if (failure == NULL)
        say("init: PASS\n");
    else
        say("init: FAIL: %s\n", failure);
    end(argv);
}
