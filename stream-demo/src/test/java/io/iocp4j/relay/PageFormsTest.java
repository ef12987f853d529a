package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("Each page, wide, on a phone, dark, and while its stream is offline")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@TestInstance(Lifecycle.PER_CLASS)
class PageFormsTest {
    private static final Path AXE = Path.of("target", "tools", "node_modules", "axe-core", "axe.min.js");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration LENGTH = Duration.ofMinutes(2);
    private static final String STREAM = "cam1";

    private RelayProcess relay;
    private Chromium chromium;
    private Ffmpeg ffmpeg;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        Installed.require("chromium", "ffmpeg");
        Installed.requireFile(AXE, "stream-demo/tools/install");
        relay = RelayProcess.start();
        chromium = Chromium.start();
        ffmpeg = Ffmpeg.publish(relay.address(), STREAM, LENGTH);
    }

    @AfterAll
    void stop() throws IOException {
        try {
            if (ffmpeg != null) {
                ffmpeg.close();
            }
            if (chromium != null) {
                chromium.close();
            }
        } finally {
            if (relay != null) {
                relay.close();
            }
        }
    }

    /** A form of a page: the size of the window in pixels, and whether the room is dark. */
    private record Form(String name, int width, int height, boolean dark) {
        private static final List<Form> ALL = List.of(new Form("wide", 1280, 1900, false),
                new Form("phone", 390, 2600, false), new Form("dark", 1280, 1900, true));
    }

    /** Returns what axe-core says against a page, of serious and critical impact. */
    @SuppressWarnings("unchecked")
    private static List<String> violations(PlayerPage page) throws IOException {
        page.evaluate(Files.readString(AXE) + ";null");
        String json = (String) page.evaluate("axe.run(document, {resultTypes: ['violations']})"
                + ".then(result => JSON.stringify(result.violations.map(each => ({id: each.id, impact: each.impact,"
                + " where: each.nodes.map(node => node.target.join(' ')).join(', ')}))))");
        List<String> serious = new ArrayList<>();
        for (Map<String, Object> violation : (List<Map<String, Object>>) JsonTree.read(json)) {
            System.out.println("e2e: axe: " + violation);
            if (List.of("serious", "critical").contains(violation.get("impact"))) {
                serious.add(violation.toString());
            }
        }
        return serious;
    }

    private static void look(PlayerPage page, String name, List<Form> forms) throws IOException {
        for (Form form : forms) {
            page.emulate(form.width, form.height, form.dark);
            page.pass(Duration.ofMillis(300));
            page.screenshot().save("page-" + name + "-" + form.name);
            assertEquals(List.of(), violations(page), name + " " + form.name);
            assertEquals(true, page.evaluate("document.documentElement.scrollWidth <= " + form.width),
                    name + " " + form.name + " must not scroll sideways");
        }
    }

    private static void until(PlayerPage page, String condition) {
        Object late = page.evaluate("""
                new Promise(resolve => {
                  const deadline = performance.now() + %d;
                  const look = () => {
                    if (%s) resolve(null);
                    else if (performance.now() < deadline) setTimeout(look, 50);
                    else resolve(document.body.innerText);
                  };
                  look();
                })""".formatted(LIMIT.toMillis(), condition));
        TooLate.unless(late == null, condition + " did not hold: " + late);
    }

    @Test
    @DisplayName("can be read by everybody, does not scroll sideways, and says when a stream is offline")
    void forms() throws IOException, InterruptedException {
        RealTime.check(() -> {
            try (PlayerPage dashboard = new PlayerPage(chromium.open(relay.address()));
                    PlayerPage watch = new PlayerPage(chromium.open(relay.address() + "watch/" + STREAM));
                    PlayerPage wrong = new PlayerPage(chromium.open(relay.address() + "watch/no..name"))) {
                watch.until("stats.framesShown > 30", LIMIT);
                dashboard.until("stats.framesShown > 90", LIMIT);
                until(dashboard, "document.querySelectorAll('#viewer-rows tr').length >= 2"
                        + " && document.querySelector('.poster img')");
                assertEquals(STREAM, dashboard.evaluate("document.getElementById('now').textContent"));
                look(dashboard, "dashboard", Form.ALL);
                look(watch, "watch", List.of(new Form("wide", 1280, 800, false), new Form("phone", 390, 844, false),
                        new Form("flat", 844, 390, false), new Form("dark", 1280, 800, true)));
                assertEquals(true, watch.evaluate("document.documentElement.scrollHeight <= 800"),
                        "the whole page is visible");
                look(wrong, "wrong", List.of(new Form("wide", 1280, 400, false)));
                assertEquals(List.of(), dashboard.problems());
                assertEquals(List.of(), watch.problems());
                ffmpeg.stop();
                until(watch, "document.body.innerText.includes('Waiting for the publisher')");
                until(dashboard, "document.querySelector('.state[data-state=waiting]')");
                look(dashboard, "dashboard", List.of(new Form("offline", 1280, 1900, false)));
                look(watch, "watch", List.of(new Form("offline", 1280, 800, false)));
            }
        });
    }

    @Test
    @DisplayName("the dashboard can be used with the keyboard alone: details, and the question before an end")
    void keyboard() {
        try (PlayerPage page = new PlayerPage(chromium.open(relay.address()))) {
            until(page, "document.querySelector('[aria-label=\"Details of test\"]')");
            page.evaluate("document.querySelector('[aria-label=\"Details of test\"]').click()");
            assertEquals("details-heading", page.evaluate("document.activeElement.id"));
            assertEquals("test", page.evaluate("document.getElementById('details-name').textContent"));
            assertEquals(true, page.evaluate("document.getElementById('end-publisher').hidden"),
                    "the relay's own picture has no publisher to end");
            Object unreachable = page.evaluate("""
                    [...document.querySelectorAll('a[href], button, select, [tabindex="0"]')]
                      .filter((each) => each.tabIndex < 0).length""");
            assertEquals(0.0, unreachable, "all that can be clicked can be reached with the Tab key");
        }
    }
}
