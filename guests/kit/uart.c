/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit.h"

#include <stdarg.h>

#define FR_TXFF (1u << 5)
#define LCR_H_8_BITS (3u << 5) /* FIFOs off: the transmit interrupt then means "empty" */
#define CR_ENABLE_TX_RX 0x301u

static struct spinlock lock;

void uart_init(void)
{
    uart_write(UARTCR, 0);
    uart_write(UARTIMSC, 0);
    uart_write(UARTICR, 0x7ff);
    uart_write(UARTLCR_H, LCR_H_8_BITS);
    uart_write(UARTCR, CR_ENABLE_TX_RX);
}

void uart_putc(char c)
{
    while (uart_read(UARTFR) & FR_TXFF)
        ;
    uart_write(UARTDR, (uint8_t)c);
}

static void put_string(const char *s)
{
    while (*s)
        uart_putc(*s++);
}

static void put_number(uint64_t value, uint64_t base)
{
    char digits[21];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_string(at);
}

static void put_argument(char conversion, bool is_long, va_list *list)
{
    uint64_t base = conversion == 'x' ? 16 : 10;

    if (conversion == 's')
        put_string(va_arg(*list, const char *));
    else if (conversion == 'c')
        uart_putc((char)va_arg(*list, int));
    else if (conversion == 'u' || conversion == 'x')
        put_number(is_long ? va_arg(*list, uint64_t) : va_arg(*list, uint32_t), base);
    else
        uart_putc(conversion);
}

static void print_list(const char *format, va_list list)
{
    va_list copy;

    va_copy(copy, list);
    for (; *format; format++) {
        bool is_long;

        if (*format != '%') {
            uart_putc(*format);
            continue;
        }
        is_long = *++format == 'l';
        if (is_long)
            format++;
        put_argument(*format, is_long, &copy);
    }
    va_end(copy);
}

void print(const char *format, ...)
{
    uint64_t daif = spin_lock(&lock);
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
    spin_unlock(&lock, daif);
}

/* Without the lock: whoever panics may hold it. */
void panic(const char *format, ...)
{
    va_list list;

    irq_mask();
    put_string("panic: ");
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    uart_putc('\n');
    semihosting_exit(2);
    for (;;)
        wfi();
}
