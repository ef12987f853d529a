/*
 * A load of echoes over TCP in C, to check the load of the lab against: `lab check load`. It has nothing in common with
 * that one but its rules. It is a closed loop with one message under way on each connection, and it never sleeps,
 * because the server would be charged for waking it.
 *
 *   echo CONNECTIONS SIZE PORT
 *
 * connects to 127.0.0.1 and prints "ready CONNECTIONS". Then it answers each line "run SECONDS" of standard input with
 * a line of numbers: messages, bytes, failures, nanoseconds, nanoseconds of CPU time in which it had something to do,
 * and threads. A hyphen follows, since it measures no durations. It ends at the end of standard input, or at an error.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, MESSAGE_MAX = 16384, EVENTS_MAX = 512, BREAK_NANOS = 5000 };

static char buffer[MESSAGE_MAX];
static int sockets[CONNECTIONS_MAX], received[CONNECTIONS_MAX];

static void require(int condition, const char *what) {
    if (!condition) {
        perror(what);
        exit(1);
    }
}

static long long nanos(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void send_message(int connection, int size) {
    /* the message before has come back, so the system has room for a whole one */
    require(write(sockets[connection], buffer, size) == size, "write");
}

static void run(int epoll, int connections, int size, double seconds) {
    struct epoll_event events[EVENTS_MAX];
    long long messages = 0, idle = 0, cpu = nanos(CLOCK_PROCESS_CPUTIME_ID);
    long long start = nanos(CLOCK_MONOTONIC), end = start + (long long) (seconds * 1e9);
    int waiting = connections;
    for (int i = 0; i < connections; i++) {
        send_message(i, size);
    }
    while (waiting > 0) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, 0);
        require(ready >= 0, "epoll_wait");
        long long now = nanos(CLOCK_MONOTONIC);
        if (ready == 0) {
            /* a poll may take a lock that the server's next write needs, so let some time pass before the next one */
            while (nanos(CLOCK_MONOTONIC) - now < BREAK_NANOS) { }
            idle += BREAK_NANOS;
        }
        for (int i = 0; i < ready; i++) {
            int connection = events[i].data.u32;
            int count = read(sockets[connection], buffer, size - received[connection]);
            require(count > 0, "read");
            received[connection] += count;
            if (received[connection] == size) {
                received[connection] = 0;
                messages++;
                if (now < end) {
                    send_message(connection, size);
                } else {
                    waiting--;
                }
            }
        }
    }
    long long took = nanos(CLOCK_MONOTONIC) - start, busy = nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu - idle;
    printf("%lld %lld 0 %lld %lld 1 -\n", messages, messages * size, took, busy > 0 ? busy : 0);
    fflush(stdout);
}

int main(int count, char **args) {
    int connections = count == 4 ? atoi(args[1]) : 0, size = count == 4 ? atoi(args[2]) : 0;
    if (connections < 1 || connections > CONNECTIONS_MAX || size < 1 || size > MESSAGE_MAX) {
        fprintf(stderr, "usage: echo CONNECTIONS SIZE PORT, up to %d and %d\n", CONNECTIONS_MAX, MESSAGE_MAX);
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(args[3]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int epoll = epoll_create1(0), on = 1;
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
        require(connect(sockets[i], (struct sockaddr *) &address, sizeof address) == 0, "connect");
        require(setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
        require(fcntl(sockets[i], F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
        require(epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) == 0, "epoll_ctl");
    }
    printf("ready %d\n", connections);
    fflush(stdout);
    char line[64];
    double seconds;
    while (fgets(line, sizeof line, stdin) && sscanf(line, "run %lf", &seconds) == 1) {
        run(epoll, connections, size, seconds);
    }
    return 0;
}
