package io.iocp4j.relay;

import io.iocp4j.websocket.ChildProcess;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** A picture of a page. */
final class Screenshot {
    private final byte[] png;
    private final BufferedImage image;

    Screenshot(byte[] png) {
        this.png = png;
        try {
            image = ImageIO.read(new ByteArrayInputStream(png));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Saves the picture among the test results, for a person to look at. */
    void save(String name) throws IOException {
        Path directory = Files.createDirectories(ChildProcess.RESULTS);
        Files.write(directory.resolve(name + ".png"), png);
    }

    /** Returns the number of colours in one part of the picture. */
    long colours(Map<String, Object> place) {
        return IntStream.of(pixels(place)).distinct().count();
    }

    /** Returns the share of pixels, 0 to 1, that differ from another screenshot in one part of the picture. */
    double difference(Screenshot other, Map<String, Object> place) {
        int[] mine = pixels(place);
        int[] theirs = other.pixels(place);
        return (double) IntStream.range(0, mine.length).filter(i -> mine[i] != theirs[i]).count() / mine.length;
    }

    private int[] pixels(Map<String, Object> place) {
        int x = pixel(place, "x");
        int y = pixel(place, "y");
        int width = Math.min(pixel(place, "width"), image.getWidth() - x);
        int height = Math.min(pixel(place, "height"), image.getHeight() - y);
        return image.getRGB(x, y, width, height, null, 0, width);
    }

    private static int pixel(Map<String, Object> place, String name) {
        return (int) Math.round((Double) place.get(name));
    }
}
