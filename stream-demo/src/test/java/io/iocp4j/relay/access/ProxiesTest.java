package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.http.HttpHeaders;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The address of a client")
class ProxiesTest {
    private final Proxies proxies =
            new Proxies(List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("2001:db8:1::/48"), Cidr.parse("127.0.0.1")));

    private static InetAddress ip(String text) {
        return InetAddress.ofLiteral(text);
    }

    private String client(String peer, String... forwarded) {
        HttpHeaders.Builder fields = HttpHeaders.builder();
        for (String line : forwarded) {
            fields.add("X-Forwarded-For", line);
        }
        return proxies.client(ip(peer), fields.build()).getHostAddress();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            192.0.2.9 | 203.0.113.5                       | 192.0.2.9
            192.0.2.9 | 10.0.0.1                          | 192.0.2.9
            10.0.0.1  |                                   | 10.0.0.1
            10.0.0.1  | 203.0.113.5                       | 203.0.113.5
            10.0.0.1  | 198.51.100.1, 203.0.113.5         | 203.0.113.5
            10.0.0.1  | 198.51.100.1, 203.0.113.5, 10.9.9.9 | 203.0.113.5
            10.0.0.1  | 10.0.0.3, 10.0.0.2                | 10.0.0.3
            10.0.0.1  | 203.0.113.5:4711                  | 203.0.113.5
            127.0.0.1 | [2001:db8:2::5]:443               | 2001:db8:2:0:0:0:0:5
            127.0.0.1 | 2001:db8:2::5                     | 2001:db8:2:0:0:0:0:5
            127.0.0.1 | 203.0.113.5, 2001:db8:1::7        | 203.0.113.5
            10.0.0.1  | 203.0.113.5, unknown              | 10.0.0.1
            10.0.0.1  | 203.0.113.5, 10.0.0.2, _hidden, 10.0.0.4 | 10.0.0.4
            10.0.0.1  | 203.0.113.5, 5                    | 10.0.0.1
            """)
    @Shows("relay A2")
    @DisplayName("is the right-most one that is not a trusted proxy, and the peer itself if the peer is not trusted")
    void rightMost(String peer, String forwarded, String client) {
        assertEquals(client, forwarded == null ? client(peer) : client(peer, forwarded));
    }

    @Test
    @DisplayName("counts several lines of the field as one list")
    void severalLines() {
        assertEquals("203.0.113.5", client("10.0.0.1", "198.51.100.1", "203.0.113.5, 10.0.0.2"));
    }

    @Test
    @DisplayName("comes with a host and a scheme, which only a trusted proxy may name")
    void hostAndScheme() {
        HttpHeaders fields = HttpHeaders.builder().add("X-Forwarded-Host", "evil.example, video.example.org")
                .add("X-Forwarded-Proto", "https").build();
        assertEquals("video.example.org", proxies.host(ip("10.0.0.1"), fields));
        assertTrue(proxies.secure(ip("10.0.0.1"), fields));
        assertNull(proxies.host(ip("192.0.2.9"), fields));
        assertFalse(proxies.secure(ip("192.0.2.9"), fields));
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.255.0.1, true", "10.0.0.0/8, 11.0.0.1, false", "192.0.2.128/25, 192.0.2.127, false",
        "192.0.2.128/25, 192.0.2.129, true", "0.0.0.0/0, 8.8.8.8, true", "0.0.0.0/0, ::1, false", "::/0, ::1, true",
        "2001:db8::/33, 2001:db8:7fff::1, true", "2001:db8::/33, 2001:db8:8000::1, false",
        "127.0.0.1, ::ffff:127.0.0.1, true", "127.0.0.1, 127.0.0.2, false"})
    @DisplayName("is compared with blocks bit by bit, and an IPv4 address inside of IPv6 counts as IPv4")
    void blocks(String block, String address, boolean contained) {
        assertEquals(contained, Cidr.parse(block).contains(ip(address)));
        assertEquals(Cidr.parse(block), Cidr.parse(Cidr.parse(block).toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "10", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::1/129",
        "fe80::1%eth0", "10.0.0.0/8/8", "300.0.0.1", "1.2.3.4.5", ":", "g::1"})
    @DisplayName("and blocks are never looked up as names")
    void notBlocks(String text) {
        assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
    }
}
