package dev.ktm.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ktm.cdi.Beans.Sale;
import dev.ktm.cdi.Beans.Shop;
import org.jboss.weld.environment.se.Weld;
import org.jboss.weld.environment.se.WeldContainer;
import org.junit.jupiter.api.Test;

/** Two applications in one JVM, each with its coordinator. */
class TwoWeldContainersTest {

    private static WeldContainer container(String id) {
        return new Weld(id)
                .disableDiscovery()
                .addExtensions(new KtmExtension())
                .addBeanClasses(
                        Beans.Coordinator.class,
                        Beans.Service.class,
                        Beans.ByStereotype.class,
                        Beans.ByBinding.class,
                        Beans.ByBindingOfItsMethod.class,
                        Beans.Journal.class,
                        Beans.Basket.class,
                        Beans.Receipt.class,
                        Beans.Shop.class)
                .initialize();
    }

    @Test
    void observersOfEachWaitForItsOwnTransactions() {
        try (var first = container("first");
                var second = container("second")) {
            for (var container : new WeldContainer[] {first, second}) {
                var shop = container.select(Shop.class).get();

                assertThatThrownBy(() -> shop.service.required(() -> {
                            shop.sales.fire(new Sale("bed"));
                            throw new IllegalStateException("no");
                        }))
                        .hasMessage("no");

                assertThat(shop.journal.lines()).contains("bed failed").doesNotContain("bed succeeded");
            }
        }
    }
}
