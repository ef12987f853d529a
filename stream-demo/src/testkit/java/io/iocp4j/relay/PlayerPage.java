package io.iocp4j.relay;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.Page;
import io.iocp4j.websocket.TooLate;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A page of the relay in {@link Chromium}, with its player. For one thread at a time. */
final class PlayerPage implements AutoCloseable {
    private final Page page;

    PlayerPage(Page page) {
        this.page = page;
    }

    /** The value of a JavaScript expression; that of a promise, once it is settled. */
    Object evaluate(String expression) {
        return page.evaluate(expression);
    }

    /** A number of the player's statistics; NaN while the page has no player or the player does not know it. */
    double stat(String name) {
        Object value = evaluate("window.relayPlayer?.stats." + name + " ?? null");
        return value instanceof Double number ? number : Double.NaN;
    }

    /** Waits for a condition, a JavaScript expression in which {@code stats} are those of the player. */
    void until(String condition, Duration limit) {
        Object late = evaluate("""
                new Promise(resolve => {
                  const deadline = performance.now() + %d;
                  const look = () => {
                    const stats = window.relayPlayer?.stats;
                    if (stats && (%s)) resolve(null);
                    else if (performance.now() < deadline) setTimeout(look, 10);
                    else resolve(JSON.stringify(stats ?? null));
                  };
                  look();
                })""".formatted(limit.toMillis(), condition));
        TooLate.unless(late == null, condition + " not within " + limit + ": " + late);
    }

    /** Waits for a time that passes in the page. */
    void pass(Duration time) {
        page.pass(time);
    }

    /** What the page looks like now. */
    Screenshot screenshot() {
        return new Screenshot(page.screenshot());
    }

    /** Where in a screenshot the element is that the selector finds: x, y, width and height in pixels. */
    Map<String, Object> place(String selector) {
        return JsonTree.readObject((String) evaluate(
                "JSON.stringify(document.querySelector('" + selector + "').getBoundingClientRect())"));
    }

    /** The number of colours in the picture of the video or canvas, which is made small (64 x 36) before. */
    int colours(String selector) {
        return ((Double) evaluate("""
                (() => {
                  const canvas = new OffscreenCanvas(64, 36);
                  const context = canvas.getContext('2d');
                  context.drawImage(document.querySelector('%s'), 0, 0, 64, 36);
                  return new Set(new Uint32Array(context.getImageData(0, 0, 64, 36).data.buffer)).size;
                })()""".formatted(selector))).intValue();
    }

    /** Exceptions that nobody caught, and what the page and the browser wrote to the console as errors. */
    List<String> problems() {
        return page.problems();
    }

    @Override
    public void close() {
        page.close();
    }
}
