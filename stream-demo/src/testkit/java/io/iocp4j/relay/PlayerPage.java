package io.iocp4j.relay;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.Page;
import io.iocp4j.websocket.TooLate;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A page of the relay in {@link Chromium}, with its player. One thread at a time. */
final class PlayerPage implements AutoCloseable {
    private final Page page;

    PlayerPage(Page page) {
        this.page = page;
    }

    /** Returns the value of a JavaScript expression. Waits for the result if the value is a promise. */
    Object evaluate(String expression) {
        return page.evaluate(expression);
    }

    /** Returns a number from the statistics of the player; NaN if there is no player or no such number yet. */
    double stat(String name) {
        Object value = evaluate("window.relayPlayer?.stats." + name + " ?? null");
        return value instanceof Double number ? number : Double.NaN;
    }

    /** Waits for a condition, a JavaScript expression in which {@code stats} is the statistics of the player. */
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
        TooLate.unless(late == null, condition + " did not hold within " + limit + ": " + late);
    }

    /** Waits until a time has passed in the page. */
    void pass(Duration time) {
        page.pass(time);
    }

    /** Gives the window another size, in pixels of CSS, and colours for a dark or a light room. */
    void emulate(int width, int height, boolean dark) {
        page.emulate(width, height, dark);
    }

    /** Takes a screenshot. */
    Screenshot screenshot() {
        return new Screenshot(page.screenshot());
    }

    /** Returns the position of an element in a screenshot: x, y, width and height in pixels. */
    Map<String, Object> place(String selector) {
        return JsonTree.readObject((String) evaluate(
                "JSON.stringify(document.querySelector('" + selector + "').getBoundingClientRect())"));
    }

    /** Returns the number of colours in the picture of a video or canvas, after scaling it to 64 x 36 pixels. */
    int colours(String selector) {
        return ((Double) evaluate("""
                (() => {
                  const canvas = new OffscreenCanvas(64, 36);
                  const context = canvas.getContext('2d');
                  context.drawImage(document.querySelector('%s'), 0, 0, 64, 36);
                  return new Set(new Uint32Array(context.getImageData(0, 0, 64, 36).data.buffer)).size;
                })()""".formatted(selector))).intValue();
    }

    /** Returns uncaught exceptions, and the errors that the page and the browser wrote to the console. */
    List<String> problems() {
        return page.problems();
    }

    @Override
    public void close() {
        page.close();
    }
}
