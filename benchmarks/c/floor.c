/* floor PORT: what the kernel alone costs.
 *
 * A gateway without Redis, tokens or rules that speaks just enough of the protocol for tapload: it sums taps and sends
 * each room's progress to its ten players once per 100 ms, in ten slots, one send a socket.
 * The token of a hello is "room:seat:user_id". */
#include "websocket.h"

enum { ROOMS = 20000, SEATS = 10, SLOTS = 10 };

typedef struct {
    int fd, upgraded, room, seat;
    unsigned count;
    long long seq;
    char user[24];
} Client;

typedef struct {
    Client *seat[SEATS];
    unsigned char dirty[SEATS];
    int n_dirty;
    unsigned version;
} Room;

static Room rooms[ROOMS];
static int slot[SLOTS][ROOMS], in_slot[SLOTS];

static void send_text(Client *c, const char *text, int n) {
    char frame[1600];
    int head = n < 126 ? 2 : 4;
    frame[0] = (char)0x81;
    if (n < 126) {
        frame[1] = n;
    } else {
        frame[1] = 126;
        frame[2] = n >> 8;
        frame[3] = n;
    }
    memcpy(frame + head, text, n);
    send(c->fd, frame, head + n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_taps(Client *c, char *text) {
    char *count = strstr(text, "\"count\":"), *seq = strstr(text, "\"seq\":");
    Room *room = rooms + c->room;
    if (!count || !seq) return;
    c->count += atoi(count + 8);
    c->seq = atoll(seq + 6);
    if (!room->n_dirty) slot[c->room % SLOTS][in_slot[c->room % SLOTS]++] = c->room;
    for (int i = 0; i < room->n_dirty; i++)
        if (room->dirty[i] == c->seat) return;
    room->dirty[room->n_dirty++] = c->seat;
}

static void on_text(Client *c, char *text) {
    char out[256];
    if (strstr(text, "\"taps\"")) {
        on_taps(c, text);
    } else if (strstr(text, "\"hello\"")) {
        char *token = strstr(text, "\"token\":\"");
        if (!token || sscanf(token + 9, "%d:%d:%23[0-9]", &c->room, &c->seat, c->user) != 3) return;
        rooms[c->room].seat[c->seat] = c;
        send_text(c, out, snprintf(out, sizeof out, "{\"type\":\"welcome\",\"user_id\":\"%s\"}", c->user));
    } else if (strstr(text, "\"enter\"")) {
        send_text(c, out,
                  snprintf(out, sizeof out, "{\"type\":\"snapshot\",\"room\":{\"players\":[{\"user_id\":\"%s\",\"seq\":%lld}]}}",
                           c->user, c->seq));
    }
}

static void on_bytes(Client *c, unsigned char *bytes, int n) {
    static const char upgrade[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    if (!c->upgraded) {
        c->upgraded = 1;
        send(c->fd, upgrade, sizeof upgrade - 1, MSG_NOSIGNAL);
        return;
    }
    for (int at = 0; n - at >= 6;) {
        int size = bytes[at + 1] & 127, head = at + 2;
        if (size == 126) {
            size = bytes[head] << 8 | bytes[head + 1];
            head += 2;
        }
        unsigned char *text = bytes + head + 4;
        if (head + 4 + size > n) break;
        for (int i = 0; i < size; i++) text[i] ^= bytes[head + (i & 3)];
        unsigned char after = text[size];
        text[size] = 0;
        if ((bytes[at] & 15) == 1) on_text(c, (char *)text);
        text[size] = after;
        at = head + 4 + size;
    }
}

static void send_progress(int number) {
    char text[1024];
    Room *room = rooms + number;
    int n = snprintf(text, sizeof text,
                     "{\"type\":\"progress\",\"epoch\":\"floorfloor.floorfloor12\",\"version\":%u,\"since\":%u,\"taps\":{",
                     room->version + 1, room->version);
    room->version++;
    const char *comma = "";
    for (int i = 0; i < room->n_dirty; i++) {
        Client *c = room->seat[room->dirty[i]];
        if (!c) continue;
        n += snprintf(text + n, sizeof text - n, "%s\"%s\":[%u,%lld]", comma, c->user, c->count, c->seq);
        comma = ",";
    }
    n += snprintf(text + n, sizeof text - n, "}}");
    room->n_dirty = 0;
    for (int i = 0; i < SEATS; i++)
        if (room->seat[i]) send_text(room->seat[i], text, n);
}

int main(int argc, char **argv) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, current = 0;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 9000)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 8192)) {
        perror("floor");
        return 1;
    }
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    static unsigned char bytes[65537];
    for (double next = monotonic_s();;) {
        struct epoll_event events[512];
        int wait_ms = (int)((next - monotonic_s()) * 1000), n = epoll_wait(epoll, events, 512, wait_ms < 0 ? 0 : wait_ms);
        for (int i = 0; i < n; i++) {
            Client *c = events[i].data.ptr;
            if (!c) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                c = calloc(1, sizeof *c);
                c->fd = fd;
                event.data.ptr = c;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            int got = recv(c->fd, bytes, sizeof bytes - 1, 0);
            if (got > 0) {
                on_bytes(c, bytes, got);
            } else if (got == 0 || errno != EAGAIN) {
                if (rooms[c->room].seat[c->seat] == c) rooms[c->room].seat[c->seat] = NULL;
                close(c->fd);
                free(c);
            }
        }
        if (monotonic_s() >= next) {
            next += 0.01;
            for (int i = 0; i < in_slot[current]; i++) send_progress(slot[current][i]);
            in_slot[current] = 0;
            current = (current + 1) % SLOTS;
        }
    }
}
