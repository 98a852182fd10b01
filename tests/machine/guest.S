/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that uses whatever a stop in mid-flight could disturb: MMU (both halves), EL0, FP with
 * rounding modes, pointer authentication, exclusives, aborts, WFI, both timers, IPIs, a level SPI,
 * code and tables that another vCPU changes, a vCPU that goes off and comes back, and blocks that
 * are longer than any translator likes. All that it sees goes into a sum, the time included.
 * Runs on one vCPU or two. It ends with SYSTEM_OFF, or with SYS_EXIT and a reason.
 *
 * x19 vCPU index   x20 per-vCPU data   x21 the sum   x22 round   x23 shared data   x18 back from EL0
 */
#define ROUNDS 6
#define REST_ROUND 3 /* in which vCPU 1 goes off and on */

#define IRS 0x08010000
#define UART 0x09000000
#define HIGH_HALF 0xffffff8000000000 /* maps what the low half maps */

#define PAGES 0x40200000 /* pages with a mapping of their own */
#define PAGE_EVEN (PAGES + 0x0000)
#define PAGE_ODD (PAGES + 0x1000)
#define PAGE_EL0_DATA (PAGES + 0x2000)
#define PAGE_EL0_CODE (PAGES + 0x3000)
#define PAGE_READ_ONLY (PAGES + 0x4000)
#define PAGE_PATCHED (PAGES + 0x5000)
#define PAGE_MOVING (PAGES + 0x8000)  /* PAGE_EVEN or PAGE_ODD */
#define PAGE_NOWHERE (PAGES + 0x9000)

#define NORMAL (1 << 10 | 3 << 8 | 1 << 2) /* AF, Inner Shareable, attribute 1 */
#define EL0 (1 << 6)
#define READ_ONLY (1 << 7)
#define PXN (1 << 53)

#define SYS(op0, op1, crn, crm, op2) \
        ((op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define ICC_PPI_ENABLER0 SYS(3, 0, 12, 10, 6)
#define ICC_PPI_PRIORITYR3 SYS(3, 0, 12, 14, 3)
#define ICC_HPPIR SYS(3, 0, 12, 10, 3)
#define ICC_CR0 SYS(3, 1, 12, 0, 1)
#define ICC_PCR SYS(3, 1, 12, 0, 2)
#define ICC_HAPR SYS(3, 1, 12, 0, 3) /* removed from the architecture */
#define CDEN SYS(1, 0, 12, 1, 1)
#define CDPRI SYS(1, 0, 12, 1, 2)
#define CDAFF SYS(1, 0, 12, 1, 3)
#define CDPEND SYS(1, 0, 12, 1, 4)
#define CDEOI SYS(1, 0, 12, 1, 7)
#define CDDI SYS(1, 0, 12, 2, 0)
#define CDHM SYS(1, 0, 12, 2, 1)
#define CDIA SYS(1, 0, 12, 3, 0)

#define TYPE_LPI (2 << 29)
#define SPI_UART 0x60000001
#define PPI_CNTV 0x2000001b
#define PPI_CNTP 0x2000001e

/* Per-vCPU data. */
#define IRQS 0
#define SAVED_SUM 8
#define SAVED_ROUND 16
#define EXCEPTIONS 24
#define SCRATCH 64
#define PER_CPU_SIZE 512

/* Shared data. */
#define COUNTER 0
#define ATTEMPTS 8
#define GENERATION 16
#define MOVES 24
#define ALONE 32
#define FINISHED 40

#define UART_IMSC 0x38
#define UART_TXIM (1 << 5)

        .arch   armv8.5-a+sve

        .macro  read_gic rt, enc
        .inst   0xd5200000 | (\enc) | \rt
        .endm
        .macro  write_gic enc, rt
        .inst   0xd5000000 | (\enc) | \rt
        .endm

        .macro  fail reason
        mov     x9, #\reason
        b       failed
        .endm

        .macro  absent reg /* it reads 0 and ignores writes, and nothing around it is lost or done twice */
        add     x0, x0, #1
        mov     x1, x0
        mrs     x1, \reg
        add     x0, x0, #3
        mix     x1
        msr     \reg, x0
        add     x21, x21, x0
        mrs     x1, \reg
        cbnz    x1, absent_is_there
        .endm

        .macro  mix rt
        eor     x21, x21, \rt
        ror     x21, x21, #11
        .endm

        .text
        .global _start
_start: mov     x22, #0
        mov     x21, #1
        ldr     x23, =shared
        mov     x10, #0
        bl      patch_function_tables
        b       both

/* After a power-on: x0 is the round to go on with. Nothing is left of what was before. */
secondary:
        mov     x22, x0
        mov     x10, #0
        .irp    enc, ICC_PCR, ICC_PPI_ENABLER0, ICC_PPI_PRIORITYR3
        read_gic 1, \enc
        orr     x10, x10, x1
        .endr
        .irp    reg, vbar_el1, ttbr0_el1, cpacr_el1, cntkctl_el1, cntv_ctl_el0, cntv_cval_el0
        mrs     x1, \reg
        orr     x10, x10, x1
        .endr
        cbnz    x10, failed
        mov     x10, #1
both:   mrs     x19, mpidr_el1
        and     x19, x19, #0xf
        cmp     x19, x10
        b.ne    failed
        ldr     x23, =shared
        ldr     x20, =per_cpu
        mov     x0, #PER_CPU_SIZE
        madd    x20, x19, x0, x20
        cbz     x10, 1f
        ldr     x21, [x20, #SAVED_SUM]
1:      bl      cpu_init
        cbnz    x19, 2f
        bl      irs_init
        bl      wake_other
2:      ldr     x0, =main_loop /* in the high half */
        ldr     x1, =HIGH_HALF
        orr     x0, x0, x1
        br      x0

/* EL0's code into its page, and the page tables, before anybody translates. */
patch_function_tables:
        adr     x0, el0_code
        ldr     x1, =PAGE_EL0_CODE
        mov     x2, #(el0_code_end - el0_code)
1:      ldr     w3, [x0], #4
        str     w3, [x1], #4
        subs    x2, x2, #4
        b.ne    1b
        ldr     x0, =PAGE_ODD
        mov     x1, #1
        str     x1, [x0]
        ldr     x0, =PAGE_PATCHED
        ldr     w1, =0x52800000 /* mov w0, #0 */
        str     w1, [x0]
        ldr     w1, =0xd65f03c0 /* ret */
        str     w1, [x0, #4]
        ret

cpu_init:
        ldr     x0, =vectors
        msr     vbar_el1, x0
        ldr     x0, =stacks
        add     x0, x0, x19, lsl #13
        add     x1, x0, #0x1000
        msr     sp_el0, x1
        add     x0, x0, #0x2000
        mov     sp, x0
        mov     x0, #(3 << 20 | 3 << 16) /* FP, and SVE, which is not there */
        msr     cpacr_el1, x0
        mov     x0, #2 /* EL0 may read CNTVCT */
        msr     cntkctl_el1, x0
        ldr     x0, =0xff00
        msr     mair_el1, x0
        ldr     x0, =0x02b5193519 /* two 39-bit halves, 4 KiB, Write-Back, 40 bits */
        msr     tcr_el1, x0
        ldr     x0, =level1
        msr     ttbr0_el1, x0
        msr     ttbr1_el1, x0
        isb
        tlbi    vmalle1
        dsb     nsh
        ldr     x0, =0x1122334455667788
        msr     apiakeylo_el1, x0
        add     x0, x0, x19
        msr     apiakeyhi_el1, x0
        msr     apibkeylo_el1, x0
        mvn     x0, x0
        msr     apibkeyhi_el1, x0
        ldr     x0, =(0x30500800 | 1 << 31 | 1 << 30 | 1 << 12 | 1 << 2 | 1) /* SPAN = 0 */
        msr     sctlr_el1, x0
        isb
        mov     x0, #31
        write_gic ICC_PCR, 0
        ldr     x0, =0x0010000008000000
        write_gic ICC_PPI_PRIORITYR3, 0
        mov     x0, #(1 << 27 | 1 << 30)
        write_gic ICC_PPI_ENABLER0, 0
        mov     x0, #1
        write_gic ICC_CR0, 0
        isb
        mrs     x0, cntvct_el0
        add     x0, x0, #40
        msr     cntv_cval_el0, x0
        mov     x0, #1
        msr     cntv_ctl_el0, x0
        ret

/* A linear table of 2^10 LPIs, LPI n for vCPU n; the UART's SPI for vCPU 0, level. */
irs_init:
        ldr     x1, =IRS
        mov     w0, #10
        str     w0, [x1, #0x190]
        ldr     x0, =ist
        orr     x0, x0, #1
        mov     w3, #2 /* two stores, low half first: the high half comes too late */
        str     w0, [x1, #0x180]
        str     w3, [x1, #0x184]
        ldr     x2, [x1, #0x180]
        cmp     x0, x2
        b.ne    failed
        str     xzr, [x1, #0x180]
        add     x3, x1, #0x180
        stp     wzr, wzr, [x3] /* two again */
        add     x3, x1, #0x200
        str     x0, [x3, #-0x80]!
        ldp     w4, w5, [x3]
        orr     x4, x4, x5, lsl #32
        cmp     x0, x4
        b.ne    failed
        mov     w0, #1
        str     w0, [x1, #0x80]
        str     w0, [x1, #0x108]
        str     w0, [x1, #0x114]
        ldr     x0, =SPI_UART
        orr     x2, x0, #(1 << 32)
        write_gic CDHM, 2
        orr     x2, x0, #(4 << 35)
        write_gic CDPRI, 2
        write_gic CDAFF, 0
        write_gic CDEN, 0
        mov     x3, #0
1:      mov     x0, #TYPE_LPI
        orr     x0, x0, x3
        mov     x2, #(16 << 35)
        orr     x2, x2, x0
        write_gic CDPRI, 2
        orr     x2, x0, x3, lsl #32
        write_gic CDAFF, 2
        write_gic CDEN, 0
        add     x3, x3, #1
        cmp     x3, #2
        b.ne    1b
        ret

/* PSCI CPU_ON of vCPU 1 with the round that it has reached. */
wake_other:
        ldr     x0, =0xc4000003
        mov     x1, #1
        adr     x2, secondary
        and     x2, x2, #0xffffffff
        ldr     x3, =per_cpu + PER_CPU_SIZE
        ldr     x3, [x3, #SAVED_ROUND]
        hvc     #0
        cbz     x0, 1f
        mov     x0, #1
        str     x0, [x23, #ALONE]
1:      ret

main_loop:
        msr     daifclr, #2
        bl      floating_point
        bl      pointers
        bl      exclusives
        bl      straight
        bl      interrupts
        bl      exceptions
        bl      user
        bl      moving_code
        bl      moving_page
        bl      sleep
        ldr     x0, =UART
        add     w1, w22, #'a'
        str     w1, [x0]
        add     x22, x22, #1
        cmp     x22, #REST_ROUND
        b.eq    rest
        cmp     x22, #ROUNDS
        b.ne    main_loop
        b       end

floating_point:
        and     x0, x22, #3
        lsl     x0, x0, #22
        msr     fpcr, x0
        scvtf   d0, x21
        fmov    d1, #3.0
        fdiv    d2, d0, d1
        fsqrt   d3, d2
        fmul    v4.2d, v2.2d, v3.2d
        fmov    x1, d4
        mix     x1
        mrs     x1, fpsr
        mix     x1
        ret

pointers:
        add     x0, x20, #SCRATCH
        pacia   x0, x22
        mix     x0
        autia   x0, x22
        str     x21, [x0]
        pacib   x0, x21
        mix     x0
        xpaci   x0
        ret

/* How often they had to be tried is counted too. */
exclusives:
        mov     x3, #0
1:      ldxr    x4, [x23]
        add     x3, x3, #1
        add     x4, x4, #1
        nop
        stxr    w5, x4, [x23]
        cbnz    w5, 1b
        add     x6, x23, #ATTEMPTS
        ldadd   x3, x4, [x6]
        mix     x3
        add     x2, x20, #SCRATCH
2:      ldaxp   x4, x5, [x2]
        nop
        stlxp   w6, x5, x4, [x2]
        cbnz    w6, 2b
        mix     x4
        ret

/* 800 instructions without a branch, a device access and a look at the clock among them. */
straight:
        ldr     x2, =UART
        mov     w3, #UART_TXIM
        mov     x0, #7
        .rept   60
        add     x0, x0, x21
        eor     x21, x21, x0, ror #9
        fadd    d0, d0, d1
        fmul    v2.2d, v2.2d, v3.2d
        str     x0, [x20, #SCRATCH + 16]
        madd    x0, x0, x21, x0
        .endr
        mrs     x1, cntvct_el0
        eor     x21, x21, x1, lsl #7
        absent  pmcr_el0      /* the engine has it */
        absent  pmevcntr0_el0
        absent  dbgbvr0_el1
        absent  dbgwvr5_el1   /* it has not */
        absent  pmevcntr30_el0
        absent  S3_3_C2_C4_0  /* RNDR: it has no write */
        .rept   30
        add     x0, x0, #3
        ror     x21, x21, #3
        .endr
        cbnz    x19, 1f
        str     w3, [x2, #UART_IMSC]
1:      .rept   60
        ldr     x1, [x20, #SCRATCH + 16]
        add     x21, x21, x1
        umulh   x0, x0, x21
        ldp     x4, x5, [x20, #SCRATCH]
        eor     x21, x21, x4
        stp     x21, x0, [x20, #SCRATCH + 16]
        .endr
        mrs     x1, cntpct_el0
        mix     x1
        ret

/* LPIs to oneself and to the other one, taken at once and taken after a masked section. */
interrupts:
        mov     x0, #TYPE_LPI
        orr     x0, x0, #(1 << 32)
        orr     x1, x0, x19
        write_gic CDPEND, 1
        ldr     x2, [x23, #ALONE]
        cbnz    x2, 1f
        eor     x1, x1, #1
        write_gic CDPEND, 1
1:      msr     daifset, #2
        orr     x1, x0, x19
        write_gic CDPEND, 1
        read_gic 2, ICC_HPPIR
        mix     x2
        mrs     x2, isr_el1
        mix     x2
        ldr     x3, [x20, #IRQS]
        msr     daifclr, #2
        isb
        nop
        ldr     x4, [x20, #IRQS]
        cmp     x3, x4 /* DAIFClr and ISB must have let it in */
        b.eq    failed
        mrs     x0, cntpct_el0
        add     x0, x0, #20
        msr     cntp_cval_el0, x0
        mov     x0, #1
        msr     cntp_ctl_el0, x0
        mrs     x0, cntp_tval_el0
        mix     x0
        ret

exceptions:
        mov     x29, x30
        str     xzr, [x20, #EXCEPTIONS]
        msr     spsel, #0
        str     x21, [sp, #-16]!
        svc     #7
        add     sp, sp, #16
        msr     spsel, #1
        ldr     x0, =PAGE_NOWHERE + 0x678
        add     x21, x21, #1
        ldr     x1, [x0] /* translation fault */
        add     x21, x21, #2
        str     x1, [x0]
        ldr     x0, =PAGE_READ_ONLY
        ldr     x1, [x0]
        str     x1, [x0] /* permission fault */
        brk     #3
        .inst   0 /* UNDEFINED */
        read_gic 0, ICC_HAPR
        ptrue   p0.b
        smc     #0
        ldr     x0, =PAGE_NOWHERE
        blr     x0 /* instruction abort; goes on behind */
        mix     x0
        ldr     x0, [x20, #EXCEPTIONS]
        cmp     x0, #10
        b.ne    failed
        mov     x30, x29
        ret

user:   mov     x29, x30
        str     xzr, [x20, #EXCEPTIONS]
        ldr     x0, =PAGE_EL0_CODE
        msr     daifset, #2 /* an interrupt would write both */
        msr     elr_el1, x0
        msr     spsr_el1, xzr
        adr     x18, 1f
        eret
1:      ldr     x0, [x20, #EXCEPTIONS]
        cmp     x0, #5
        b.ne    failed
        mov     x30, x29
        ret

/* vCPU 0 rewrites a function, vCPU 1 calls it: what it returns is never older than announced. */
moving_code:
        mov     x29, x30
        ldr     x5, =PAGE_PATCHED
        cbnz    x19, 2f
        ldr     x1, [x23, #GENERATION]
        add     x1, x1, #1
        ldr     w2, =0x52800000
        orr     w2, w2, w1, lsl #5
        str     w2, [x5]
        dc      cvau, x5
        dsb     ish
        ic      ivau, x5
        dsb     ish
        isb
        add     x2, x23, #GENERATION
        stlr    x1, [x2]
2:      add     x6, x23, #GENERATION
        ldar    x7, [x6]
        isb
        blr     x5
        cmp     x0, x7
        b.lo    failed
        ldar    x7, [x6]
        add     x7, x7, #1
        cmp     x0, x7
        b.hi    failed
        mov     x30, x29
        ret

/* vCPU 0 moves a page between two places, vCPU 1 looks which one it sees. MOVES is odd meanwhile. */
moving_page:
        add     x6, x23, #MOVES
        ldr     x5, =PAGE_MOVING
        cbnz    x19, 1f
        ldar    x7, [x6]
        add     x7, x7, #1
        stlr    x7, [x6]
        ldr     x0, =PAGE_EVEN | NORMAL | 3
        add     x1, x7, #1
        ubfx    x1, x1, #1, #1
        add     x0, x0, x1, lsl #12
        ldr     x1, =level3 + 8 * 8
        str     x0, [x1]
        dsb     ishst
        lsr     x0, x5, #12
        tlbi    vaae1is, x0
        dsb     ish
        isb
        add     x7, x7, #1
        stlr    x7, [x6]
1:      ldar    x7, [x6]
        tbnz    x7, #0, 2f
        cbz     x7, 2f
        ldr     x0, [x5]
        dmb     ish
        ldr     x1, [x6]
        cmp     x1, x7
        b.ne    2f
        ubfx    x7, x7, #1, #1
        cmp     x0, x7
        b.ne    failed
2:      ret

/* Both timers are armed, so that something wakes it. */
sleep:  tst     x22, #1
        b.ne    1f
        msr     daifset, #2
        wfi
        msr     daifclr, #2
        ret
1:      yield
        wfe
        wfi
        ret

/* vCPU 1 goes off, vCPU 0 waits for that and wakes it. */
rest:   ldr     x0, [x23, #ALONE]
        cbnz    x0, main_loop
        cbz     x19, 1f
        str     x21, [x20, #SAVED_SUM]
        str     x22, [x20, #SAVED_ROUND]
        b       power_off
1:      bl      wait_until_off
        bl      wake_other
        b       main_loop

power_off:
        ldr     x0, =0x84000002
        hvc     #0
        fail    2

wait_until_off:
        ldr     x0, =0xc4000004 /* AFFINITY_INFO */
        mov     x1, #1
        mov     x2, #0
        hvc     #0
        cmp     x0, #1
        b.ne    wait_until_off
        ret

end:    msr     daifset, #2
        str     x21, [x20, #SAVED_SUM]
        add     x0, x23, #FINISHED
        mov     x1, #1
        ldadd   x1, x2, [x0]
        cbnz    x19, power_off
        ldr     x0, [x23, #ALONE]
        cbnz    x0, 1f
        bl      wait_until_off
        ldr     x0, [x23, #FINISHED]
        cmp     x0, #2
        b.ne    failed
        ldr     x0, [x23, #COUNTER] /* no increment was lost */
        cmp     x0, #(2 * ROUNDS)
        b.ne    failed
1:      adr     x1, goodbye
        ldr     x2, =UART
2:      ldrb    w0, [x1], #1
        cbz     w0, 3f
        str     w0, [x2]
        b       2b
3:      ldr     x0, =0x84000008
        hvc     #0
        fail    3

failed: msr     daifset, #2
        ldr     x0, =exit_block
        mov     x1, #0x26
        movk    x1, #2, lsl #16
        str     x1, [x0]
        str     x30, [x0, #8]
        mov     x1, x0
        mov     w0, #0x18
        hlt     #0xf000
        b       .
        .ltorg

/* Runs at EL0, in its own page. Each exception but the last goes on behind it. */
el0_code:
        mov     x0, #0
        ldr     x1, el0_data_page
        str     x21, [x1]
        mrs     x2, tpidr_el0
        add     x2, x2, #1
        msr     tpidr_el0, x2
        pacib   x2, x0
        mix     x2
        fmov    d5, x21
        fadd    d6, d5, d6
1:      ldxr    x3, [x1]
        stxr    w4, x3, [x1]
        cbnz    w4, 1b
        mrs     x3, cntvct_el0
        mix     x3
        mrs     x3, cntv_ctl_el0 /* traps: CNTKCTL_EL1 */
        wfi                      /* traps: SCTLR_EL1.nTWI is 0 */
        read_gic 3, ICC_HPPIR    /* UNDEFINED */
        ldr     x3, [x23]        /* permission fault */
        .rept   40
        add     x21, x21, #1
        .endr
        svc     #1
        b       .
        .balign 8
el0_data_page:
        .quad   PAGE_EL0_DATA
el0_code_end:

irq:    stp     x0, x1, [sp, #-64]!
        stp     x2, x3, [sp, #16]
        mrs     x0, elr_el1
        mrs     x1, spsr_el1
        stp     x0, x1, [sp, #32]
        mix     x0
        mix     x1
        read_gic 0, CDIA
        tbz     x0, #32, irq_end
        mix     x0
        ldr     x1, [x20, #IRQS]
        add     x1, x1, #1
        str     x1, [x20, #IRQS]
        ldr     w2, =PPI_CNTV
        cmp     w0, w2
        b.eq    irq_cntv
        ldr     w2, =PPI_CNTP
        cmp     w0, w2
        b.eq    irq_cntp
        ldr     w2, =SPI_UART
        cmp     w0, w2
        b.ne    irq_retire
        ldr     x1, =UART
        str     wzr, [x1, #UART_IMSC]
        b       irq_retire
irq_cntp:
        mov     x1, #3
        msr     cntp_ctl_el0, x1
        b       irq_retire
irq_cntv:
        mrs     x1, cntvct_el0
        mix     x1
        add     x1, x1, #45
        msr     cntv_cval_el0, x1
irq_retire:
        write_gic CDEOI, 31
        mov     w0, w0
        write_gic CDDI, 0
irq_end:
        ldp     x0, x1, [sp, #32]
        msr     elr_el1, x0
        msr     spsr_el1, x1
        ldp     x2, x3, [sp, #16]
        ldp     x0, x1, [sp], #64
        eret

        .macro  count_exception
        ldr     x0, [x20, #EXCEPTIONS]
        add     x0, x0, #1
        str     x0, [x20, #EXCEPTIONS]
        .endm

synchronous:
        stp     x0, x1, [sp, #-16]!
        count_exception
        mrs     x0, esr_el1
        mix     x0
        lsr     x0, x0, #26
        cmp     x0, #0x15 /* SVC: ELR is behind it already */
        b.eq    1f
        mrs     x1, elr_el1
        mix     x1
        add     x1, x1, #4
        cmp     x0, #0x21 /* instruction abort: return to the caller */
        csel    x1, x30, x1, eq
        msr     elr_el1, x1
        cmp     x0, #0x25
        b.ne    1f
        mrs     x1, far_el1
        mix     x1
1:      ldp     x0, x1, [sp], #16
        eret

synchronous_el0:
        stp     x0, x1, [sp, #-16]!
        count_exception
        mrs     x0, esr_el1
        mix     x0
        mrs     x1, spsr_el1
        mix     x1
        lsr     x0, x0, #26
        cmp     x0, #0x15
        b.eq    1f
        mrs     x1, elr_el1
        add     x1, x1, #4
        msr     elr_el1, x1
        ldp     x0, x1, [sp], #16
        eret
1:      msr     elr_el1, x18
        mov     x0, #0x5
        msr     spsr_el1, x0
        ldp     x0, x1, [sp], #16
        eret

absent_is_there:
        fail    5

unexpected:
        fail    4
        .ltorg

        .macro  vector to
        .balign 128
        b       \to
        .endm

        .balign 2048
vectors:
        vector  synchronous
        vector  irq
        vector  unexpected
        vector  unexpected
        vector  synchronous
        vector  irq
        vector  unexpected
        vector  unexpected
        vector  synchronous_el0
        vector  irq
        vector  unexpected
        vector  unexpected
        vector  unexpected
        vector  unexpected
        vector  unexpected
        vector  unexpected

        .data
goodbye:
        .asciz  " and good bye\n"

        .balign 4096
level1: .quad   3 << 53 | 1 << 10 | 1
        .quad   level2 + 3
        .fill   510, 8, 0
level2: .quad   0x40000000 | NORMAL | 1
        .quad   level3 + 3
        .fill   510, 8, 0
level3: .quad   PAGE_EVEN | NORMAL | 3
        .quad   PAGE_ODD | NORMAL | 3
        .quad   PAGE_EL0_DATA | NORMAL | EL0 | PXN | 3
        .quad   PAGE_EL0_CODE | NORMAL | EL0 | READ_ONLY | PXN | 3
        .quad   PAGE_READ_ONLY | NORMAL | READ_ONLY | 3
        .quad   PAGE_PATCHED | NORMAL | 3
        .quad   0, 0
        .quad   PAGE_EVEN | NORMAL | 3
        .fill   503, 8, 0

        .bss
        .balign 4096
ist:    .skip   4096
stacks: .skip   4 * 4096
per_cpu:
        .skip   2 * PER_CPU_SIZE
shared: .skip   64
exit_block:
        .skip   16
