//! The store's own story, told on the model.

use vouchsafe_sim::model_store::ModelStore;
use vouchsafe_store::story;

#[tokio::test]
async fn the_model_keeps_every_promise_of_a_store() {
    story::tell(&ModelStore::default()).await;
}

#[tokio::test]
async fn what_was_written_to_the_model_is_there_for_the_next_node() {
    let store = ModelStore::default();
    let traces = story::leave_traces(&store).await;
    story::find_traces(&store, &traces).await;
}
