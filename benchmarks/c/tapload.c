/* tapload PORT PLAYERS_FILE N WARM_S SECONDS SERVER_PID REDIS_PID MODE
 *
 * N players of the real protocol on loopback: upgrade, hello, enter, then (MODE taps) a taps frame every 200 ms each,
 * their phases spread evenly.  Latency is from a frame's sending to the progress frame whose own seq covers it.
 * MODE idle: hello only, nothing is sent; MODE seated: hello and enter.  Both measure the server's memory.
 * PLAYERS_FILE: lines of "user_id room_id token".  Prints one JSON object. */
#include "websocket.h"

#define PERIOD_S 0.2
#define IN_FLIGHT 64
#define TOKEN 1024

typedef struct {
    int fd, state; /* 0 greeting, 1 entering, 2 ready, 9 gone */
    int kept;
    unsigned char *buffer;
    long long seq;
    struct {
        long long seq;
        double at;
    } flight[IN_FLIGHT];
    unsigned head, tail;
    int mark_size;
    char mark[32]; /* "user_id": as it stands in frames */
    char user[24], room[24];
} Player;

static Player *players;
static int n_players, measuring, ready, enters;
static long sent, received, received_bytes, refused, would_block, closed;
static int close_code;
static Latencies latencies;

static int send_text(Player *p, int opcode, const char *text, int n) {
    static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char frame[TOKEN + 256];
    int at = 0;
    frame[at++] = 0x80 | opcode;
    if (n < 126) {
        frame[at++] = 0x80 | n;
    } else {
        frame[at++] = 0x80 | 126;
        frame[at++] = n >> 8;
        frame[at++] = n & 255;
    }
    memcpy(frame + at, key, 4);
    at += 4;
    for (int i = 0; i < n; i++) frame[at + i] = text[i] ^ key[i & 3];
    at += n;
    if (send(p->fd, frame, at, MSG_DONTWAIT | MSG_NOSIGNAL) == at) return 1;
    would_block++;
    return 0;
}

static long long number_after(const unsigned char *from, const unsigned char *end, const char *name) {
    const unsigned char *at = memmem(from, end - from, name, strlen(name));
    return at ? strtoll((const char *)at + strlen(name), NULL, 10) : 0;
}

static void on_progress(Player *p, unsigned char *text, unsigned char *end, double now) {
    unsigned char *own = memmem(text, end - text, p->mark, p->mark_size);
    if (!own) return;
    unsigned char *comma = memchr(own, ',', end - own); /* "7":[taps,seq] */
    long long seq = comma ? strtoll((char *)comma + 1, NULL, 10) : 0;
    while (p->head != p->tail && p->flight[p->head % IN_FLIGHT].seq <= seq) {
        if (measuring) add_latency(&latencies, now - p->flight[p->head % IN_FLIGHT].at);
        p->head++;
    }
}

static void on_frame(Player *p, int opcode, unsigned char *text, int n, double now) {
    char out[128];
    unsigned char *end = text + n;
    if (opcode == 9) {
        send_text(p, 10, (char *)text, n);
        return;
    }
    if (opcode == 8) {
        closed++;
        close_code = n >= 2 ? text[0] << 8 | text[1] : 1005;
        p->state = 9;
        return;
    }
    if (measuring) {
        received++;
        received_bytes += n;
    }
    if (n > 17 && !memcmp(text, "{\"type\":\"progress", 17)) {
        on_progress(p, text, end, now);
    } else if (p->state == 0 && memmem(text, n, "\"welcome\"", 9)) {
        p->state = enters ? 1 : 2;
        if (enters)
            send_text(p, 1, out, snprintf(out, sizeof out, "{\"type\":\"enter\",\"room_id\":\"%s\"}", p->room));
        else
            ready++;
    } else if (p->state == 1 && memmem(text, n, "\"snapshot\"", 10)) {
        char who[48];
        int size = snprintf(who, sizeof who, "\"user_id\":\"%s\"", p->user);
        unsigned char *own = memmem(text, n, who, size);
        if (own) p->seq = number_after(own, end, "\"seq\":");
        p->state = 2;
        ready++;
    } else if (memmem(text, n, "\"error\"", 7)) {
        if (!refused++) fprintf(stderr, "refused: %.*s\n", n, text);
    }
}

static void on_bytes(Player *p, unsigned char *bytes, int n, double now) {
    int at = 0;
    while (n - at >= 2) {
        int size = bytes[at + 1] & 127, start = at + 2;
        if (size == 126) {
            if (n - at < 4) break;
            size = bytes[at + 2] << 8 | bytes[at + 3];
            start = at + 4;
        }
        if (n - start < size) break;
        unsigned char after = bytes[start + size]; /* text functions stop at this zero */
        bytes[start + size] = 0;
        on_frame(p, bytes[at] & 15, bytes + start, size, now);
        bytes[start + size] = after;
        at = start + size;
    }
    p->kept = n - at;
    if (p->kept) {
        p->buffer = realloc(p->buffer, p->kept);
        memcpy(p->buffer, bytes + at, p->kept);
    }
}

static void on_readable(Player *p) {
    static unsigned char bytes[131072];
    if (p->kept) memcpy(bytes, p->buffer, p->kept);
    int n = recv(p->fd, bytes + p->kept, sizeof bytes - 1 - p->kept, MSG_DONTWAIT);
    if (n > 0) {
        on_bytes(p, bytes, p->kept + n, monotonic_s());
    } else if (n == 0 || errno != EAGAIN) {
        if (p->state != 9) closed++;
        p->state = 9;
        close(p->fd);
    }
}

static void poll_once(int epoll, int timeout_ms) {
    struct epoll_event events[512];
    int n = epoll_wait(epoll, events, 512, timeout_ms);
    for (int i = 0; i < n; i++) on_readable(events[i].data.ptr);
}

static void connect_player(Player *p, int port, int epoll, const char *token) {
    char text[4096], *body;
    int got = 0;
    p->fd = dial(port);
    int n = snprintf(text, sizeof text,
                     "GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     port);
    if (write(p->fd, text, n) != n) exit(2);
    do {
        int r = read(p->fd, text + got, sizeof text - 1 - got);
        if (r <= 0) {
            fprintf(stderr, "no answer to the upgrade\n");
            exit(2);
        }
        text[got += r] = 0;
    } while (!(body = strstr(text, "\r\n\r\n")));
    if (!strstr(text, " 101")) {
        fprintf(stderr, "upgrade refused: %.200s\n", text);
        exit(2);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &event);
    char hello[TOKEN + 64];
    send_text(p, 1, hello, snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"token\":\"%s\"}", token));
}

static void send_taps(Player *p, int count, double now, long long stamp) {
    char text[200];
    int n = snprintf(text, sizeof text, "{\"type\":\"taps\",\"user_id\":\"%s\",\"count\":%d,\"timestamp\":%lld,\"seq\":%lld}",
                     p->user, count, stamp, p->seq + 1);
    if (!send_text(p, 1, text, n)) return;
    p->seq++;
    if (p->tail - p->head < IN_FLIGHT) {
        p->flight[p->tail % IN_FLIGHT].seq = p->seq;
        p->flight[p->tail % IN_FLIGHT].at = now;
        p->tail++;
    }
    if (measuring) sent++;
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: tapload PORT PLAYERS_FILE N WARM_S SECONDS SERVER_PID REDIS_PID taps|idle|seated\n");
        return 2;
    }
    int port = atoi(argv[1]), server = atoi(argv[6]), redis = atoi(argv[7]);
    double warm = atof(argv[4]), seconds = atof(argv[5]);
    int tapping = !strcmp(argv[8], "taps");
    enters = strcmp(argv[8], "idle") != 0;
    n_players = atoi(argv[3]);
    players = calloc(n_players, sizeof *players);
    FILE *file = fopen(argv[2], "r");
    if (!file) {
        perror(argv[2]);
        return 2;
    }
    int epoll = epoll_create1(0);
    int first = n_players / 5; /* memory counts from here, when the server's own pools are filled */
    long rss_first = 0;
    double began = monotonic_s();
    for (int i = 0; i < n_players; i++) {
        static char token[TOKEN];
        Player *p = players + i;
        if (fscanf(file, "%23s %23s %1023s", p->user, p->room, token) != 3) {
            fprintf(stderr, "only %d players in %s\n", i, argv[2]);
            return 2;
        }
        p->mark_size = snprintf(p->mark, sizeof p->mark, "\"%s\":[", p->user);
        connect_player(p, port, epoll, token);
        if (i % 8 == 7) poll_once(epoll, 0);
        if (i % 200 == 199 || i + 1 == first)
            for (double until = monotonic_s() + 10; ready + closed < i + 1 && monotonic_s() < until;) poll_once(epoll, 10);
        if (i + 1 == first) rss_first = rss_kib(server);
    }
    for (double until = monotonic_s() + 20; ready + closed < n_players && monotonic_s() < until;) poll_once(epoll, 50);
    double connected = monotonic_s() - began;
    if (!tapping) {
        double cpu = cpu_s(server), from = monotonic_s();
        while (monotonic_s() < from + seconds) poll_once(epoll, 100);
        printf("{\"players\":%d,\"ready\":%d,\"closed\":%ld,\"connect_s\":%.2f,\"kib_per_connection\":%.2f,\"rss_kib\":%ld,"
               "\"idle_cpu_share\":%.4f}\n",
               n_players, ready, closed, connected, (rss_kib(server) - rss_first) / (double)(n_players - first),
               rss_kib(server), (cpu_s(server) - cpu) / seconds);
        return 0;
    }
    int *order = malloc(n_players * sizeof *order);
    srand(7);
    for (int i = 0; i < n_players; i++) order[i] = i;
    for (int i = n_players - 1; i > 0; i--) {
        int j = rand() % (i + 1), other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
    double start = monotonic_s(), from = start + warm, until = from + seconds;
    double server_cpu = 0, redis_cpu = 0, own_cpu = 0;
    for (long k = 0;;) {
        double now = monotonic_s();
        if (!measuring && now >= from) {
            measuring = 1;
            from = now;
            server_cpu = cpu_s(server);
            redis_cpu = cpu_s(redis);
            own_cpu = own_cpu_s();
        }
        if (now >= until) break;
        long due = (long)((now - start) / PERIOD_S * n_players), most = k + 1000;
        long long stamp = wall_ms();
        for (; k < due && k < most; k++) {
            Player *p = players + order[k % n_players];
            if (p->state == 2) send_taps(p, 2 + k / n_players % 3, now, stamp);
        }
        poll_once(epoll, k < due ? 0 : 1);
    }
    double elapsed = monotonic_s() - from, per_frame = sent ? 1e6 / sent : 0;
    long pending = 0;
    for (int i = 0; i < n_players; i++) pending += players[i].tail - players[i].head;
    printf("{\"players\":%d,\"ready\":%d,\"connect_s\":%.2f,\"frames_per_s\":%.0f,\"acknowledged_per_s\":%.0f,\"out_per_s\":%.0f,"
           "\"out_bytes\":%.0f,\"p50_ms\":%.1f,\"p95_ms\":%.1f,\"p99_ms\":%.1f,\"server_share\":%.3f,\"server_us\":%.2f,"
           "\"redis_share\":%.3f,\"redis_us\":%.2f,\"load_share\":%.3f,\"rss_kib\":%ld,\"pending\":%ld,\"refused\":%ld,"
           "\"would_block\":%ld,\"closed\":%ld,\"close_code\":%d}\n",
           n_players, ready, connected, sent / elapsed, latencies.n / elapsed, received / elapsed,
           received ? (double)received_bytes / received : 0, percentile_ms(&latencies, .5), percentile_ms(&latencies, .95),
           percentile_ms(&latencies, .99), (cpu_s(server) - server_cpu) / elapsed, (cpu_s(server) - server_cpu) * per_frame,
           (cpu_s(redis) - redis_cpu) / elapsed, (cpu_s(redis) - redis_cpu) * per_frame, (own_cpu_s() - own_cpu) / elapsed,
           rss_kib(server), pending, refused, would_block, closed, close_code);
    return 0;
}
