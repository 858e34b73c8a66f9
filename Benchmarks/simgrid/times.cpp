// Times of collectives on contended and heterogeneous platforms, by SimGrid (S4U, 3.32): the table that the simulator's
// max-min sharing is held against (Tests/FabricsTests/SimGridTests.swift, which describes the same platforms).
//
//     c++ -O2 -std=c++17 times.cpp -lsimgrid -o times && ./run.sh ./times > times.csv
//
// The point-to-point schedules are those of Sources/Fabrics/Collectives, a message has 16 bytes of framing, and its
// transfer starts as soon as it is sent. The model is plain CM02: no factors, no window, no cross traffic. SimGrid
// shares a link in inverse proportion to the latency of a flow's route, as TCP does; with "sleep" links have no latency
// and messages sleep for it before their transfer, which leaves max-min fair sharing, with "links" they have it.
#include <simgrid/s4u.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

struct Link {
    double bandwidth, latency;
};

// Directed links by number, and the route of every pair.
struct Platform {
    int ranks;
    std::vector<Link> links;
    std::function<std::vector<int>(int, int)> route;

    int add(double bandwidth, double latency) {
        links.push_back({bandwidth, latency});
        return static_cast<int>(links.size()) - 1;
    }
    // Ports out and in of every rank, each with half of the latency.
    void ports(const std::vector<double> &bandwidths, double latency) {
        for (double bandwidth : bandwidths) {
            add(bandwidth, latency / 2);
            add(bandwidth, latency / 2);
        }
    }
};

static int around(int position, int target, int count, std::function<void(int, bool)> step) {
    int forward = (target - position + count) % count;
    bool isForward = 2 * forward <= count;
    for (int i = 0; i < (isForward ? forward : count - forward); i++) {
        step(position, isForward);
        position = (position + (isForward ? 1 : count - 1)) % count;
    }
    return position;
}

static Platform platform(const std::string &name) {
    Platform p;
    if (name == "switch-8") {
        p.ranks = 8;
        p.ports(std::vector<double>(8, 125e6), 50e-6);
        p.route = [](int a, int b) { return std::vector<int>{2 * a, 2 * b + 1}; };
    } else if (name == "mixed-8") {
        p.ranks = 8;
        std::vector<double> bandwidths;
        for (int rank = 0; rank < 8; rank++) bandwidths.push_back(125e6 / (1 + rank % 4));
        p.ports(bandwidths, 50e-6);
        p.route = [](int a, int b) { return std::vector<int>{2 * a, 2 * b + 1}; };
    } else if (name == "racks-16") {
        p.ranks = 16;
        p.ports(std::vector<double>(16, 1.25e9), 20e-6);
        for (int rack = 0; rack < 4; rack++) {
            p.add(1.25e9, 5e-6);
            p.add(1.25e9, 5e-6);
        }
        p.route = [](int a, int b) {
            if (a / 4 == b / 4) return std::vector<int>{2 * a, 2 * b + 1};
            return std::vector<int>{2 * a, 32 + 2 * (a / 4), 32 + 2 * (b / 4) + 1, 2 * b + 1};
        };
    } else if (name == "sites-12") {
        p.ranks = 12;
        p.ports(std::vector<double>(12, 125e6), 50e-6);
        p.add(25e6, 10e-3);    // 24: from site 0 to 1
        p.add(25e6, 10e-3);    // 25: and back
        p.add(12.5e6, 15e-3);  // 26: from site 1 to 2
        p.add(12.5e6, 15e-3);
        p.route = [](int a, int b) {
            std::vector<int> route{2 * a};
            for (int site = a / 4; site < b / 4; site++) route.push_back(24 + 2 * site);
            for (int site = a / 4; site > b / 4; site--) route.push_back(24 + 2 * (site - 1) + 1);
            route.push_back(2 * b + 1);
            return route;
        };
    } else if (name == "torus-16") {
        p.ranks = 16;
        for (int link = 0; link < 64; link++) p.add(125e6, 10e-6);
        p.route = [](int a, int b) {
            std::vector<int> route;
            int row = a / 4, column = b % 4;
            around(a % 4, column, 4, [&](int c, bool forward) { route.push_back(4 * (4 * row + c) + (forward ? 0 : 1)); });
            around(row, b / 4, 4, [&](int r, bool forward) { route.push_back(4 * (4 * r + column) + (forward ? 2 : 3)); });
            return route;
        };
    } else {
        std::fprintf(stderr, "unknown platform %s\n", name.c_str());
        std::exit(64);
    }
    return p;
}

// What one rank does.
struct Endpoint {
    int rank, ranks;
    std::function<void(int, double)> send;
    std::function<void(int)> receive;
};

static double part(long elements, int index, int count) {
    return 4.0 * static_cast<double>(elements / count + (index < elements % count ? 1 : 0));
}

static void ring(const Endpoint &e, long elements) {
    for (int step = 0; step < 2 * (e.ranks - 1); step++) {
        int chunk = ((e.rank - step) % e.ranks + e.ranks) % e.ranks;
        e.send((e.rank + 1) % e.ranks, part(elements, chunk, e.ranks));
        e.receive((e.rank + e.ranks - 1) % e.ranks);
    }
}

static void recursiveDoubling(const Endpoint &e, long elements) {
    double bytes = 4.0 * static_cast<double>(elements);
    int rounds = 0;
    while ((2 << rounds) <= e.ranks) rounds++;
    int folded = e.ranks - (1 << rounds);
    if (e.rank < 2 * folded && e.rank % 2 == 0) {
        e.send(e.rank + 1, bytes);
        e.receive(e.rank + 1);
        return;
    }
    if (e.rank < 2 * folded) e.receive(e.rank - 1);
    int position = e.rank < 2 * folded ? e.rank / 2 : e.rank - folded;
    for (int round = 0; round < rounds; round++) {
        int partner = position ^ (1 << round);
        int other = partner < folded ? 2 * partner + 1 : partner + folded;
        e.send(other, bytes);
        e.receive(other);
    }
    if (e.rank < 2 * folded) e.send(e.rank - 1, bytes);
}

static void gather(const Endpoint &e, long elements) {
    int lowest = e.rank == 0 ? e.ranks : (e.rank & -e.rank);
    for (int distance = 1; distance < lowest && e.rank + distance < e.ranks; distance *= 2)
        e.receive(e.rank + distance);
    if (e.rank == 0) return;
    int size = std::min(lowest, e.ranks - e.rank);
    e.send(e.rank - lowest, 4.0 * static_cast<double>(elements) * size);
}

static void allToAll(const Endpoint &e, long elements) {
    for (int k = 1; k < e.ranks; k++) e.send((e.rank + k) % e.ranks, 4.0 * static_cast<double>(elements));
    for (int k = 1; k < e.ranks; k++) e.receive((e.rank + e.ranks - k) % e.ranks);
}

int main(int argc, char **argv) {
    sg4::Engine engine(&argc, argv);
    if (argc != 5) {
        std::fprintf(stderr, "usage: times PLATFORM COLLECTIVE ELEMENTS sleep|links\n");
        return 64;
    }
    Platform p = platform(argv[1]);
    std::string collective = argv[2];
    long elements = std::atol(argv[3]);
    bool sleeps = std::string(argv[4]) == "sleep";
    for (const char *option : {"network/model:CM02", "network/TCP-gamma:0", "network/bandwidth-factor:1",
                               "network/latency-factor:1", "network/crosstraffic:0", "network/optim:Full"})
        sg4::Engine::set_config(option);

    auto *zone = sg4::create_full_zone("platform");
    std::vector<sg4::Host *> hosts;
    for (int rank = 0; rank < p.ranks; rank++) hosts.push_back(zone->create_host("h" + std::to_string(rank), 1e9));
    std::vector<const sg4::Link *> links;
    for (size_t i = 0; i < p.links.size(); i++) {
        auto *link = zone->create_link("l" + std::to_string(i), p.links[i].bandwidth);
        link->set_latency(sleeps ? 0 : p.links[i].latency);
        links.push_back(link->seal());
    }
    for (int a = 0; a < p.ranks; a++)
        for (int b = 0; b < p.ranks; b++) {
            if (a == b) continue;
            std::vector<sg4::LinkInRoute> route;
            for (int link : p.route(a, b)) route.emplace_back(links[link]);
            zone->add_route(hosts[a]->get_netpoint(), hosts[b]->get_netpoint(), nullptr, nullptr, route, false);
        }
    zone->seal();

    auto mailbox = [](int from, int to) {
        return sg4::Mailbox::by_name(std::to_string(from) + ">" + std::to_string(to));
    };
    double finished = 0;
    for (int rank = 0; rank < p.ranks; rank++)
        sg4::Actor::create("r" + std::to_string(rank), hosts[rank], [&, rank] {
            // With a receiver of its own, a mailbox lets messages come before they are asked for.
            for (int other = 0; other < p.ranks; other++)
                if (other != rank) mailbox(other, rank)->set_receiver(sg4::Actor::self());
            sg4::this_actor::sleep_for(1);
            Endpoint endpoint{rank, p.ranks, nullptr, nullptr};
            endpoint.send = [&](int to, double bytes) {
                double latency = 0;
                if (sleeps)
                    for (int link : p.route(rank, to)) latency += p.links[link].latency;
                auto *box = mailbox(rank, to);
                sg4::Actor::create("message", hosts[rank], [box, latency, bytes] {
                    if (latency > 0) sg4::this_actor::sleep_for(latency);
                    static int payload = 0;
                    box->put(&payload, static_cast<uint64_t>(bytes) + 16);
                });
            };
            endpoint.receive = [&](int from) { mailbox(from, rank)->get<int>(); };
            if (collective == "ring") ring(endpoint, elements);
            else if (collective == "recursive-doubling") recursiveDoubling(endpoint, elements);
            else if (collective == "gather") gather(endpoint, elements);
            else if (collective == "all-to-all") allToAll(endpoint, elements);
            else std::exit(64);
            finished = std::max(finished, sg4::Engine::get_clock() - 1);
        });
    engine.run();
    std::printf("%.9f", finished);
    return 0;
}
